// WCAG 2.2 AA as far as a program can tell, in every state.

import { audit } from './audit.js';
import { expect, test } from './support.js';
import { DEVICES, PLACES, PROVOKED, walkStates } from './states.js';

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
