// WCAG 2.2 AA as far as a program can tell, in every state.

import axe from 'axe-core';
import { expect, test } from './support.js';
import { DEVICES, PLACES, PROVOKED, walkStates } from './states.js';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What is wrong, a line each. */
async function audit(page) {
  await page.evaluate(`globalThis.axe || ${axe.source}`);
  const { violations } = await page.evaluate(tags => globalThis.axe.run(document, {
    runOnly: { type: 'tag', values: tags }, rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'],
  }), TAGS);
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.flat().join(' ')}: ${failureSummary}`));
}

for (const [device, use] of Object.entries(DEVICES)) {
  test.describe(() => {
    test.use({ ...use, contextOptions: { reducedMotion: 'reduce' } });

    for (const place of ['page', 'element']) {
      test(`nothing bars the way in any state, light and dark: ${place}, ${device}`, async ({ page, problems }) => {
        problems.allow(PROVOKED);
        const wrong = [];
        await walkStates(page, PLACES[place], async state => {
          for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme });
            wrong.push(...(await audit(page)).map(line => `${state}, ${colorScheme}: ${line}`));
          }
        });
        expect(wrong).toEqual([]);
      });
    }
  });
}
