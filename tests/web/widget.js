// <heybagh-search> in a page of somebody else, whose style sheet must not reach into it.

const STYLE = 'p, li, button { color: rgb(255, 0, 255) }';

/**
 * Opens a page with this in its body, and waits until the search is there.
 *
 * @param {import('@playwright/test').Page} page
 * @param {string} body
 * @param {string} [language] of the page
 * @param {string} [style] of the page
 */
export async function openWidget(page, body, language = 'en', style = STYLE) {
  const html = `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>widget</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <script type="module" src="/element.js"></script><style>${style}</style><body>${body}`;
  await page.route('**/widget.html', route => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto('/widget.html');
  await page.waitForFunction(() => document.querySelector('heybagh-search')?.shadowRoot?.querySelector('.heybagh'));
}
