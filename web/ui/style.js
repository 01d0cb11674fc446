// The style of a search. Every box has its size before its content, so that nothing moves when pictures arrive. It is light
// or dark as the page's color-scheme is. element.d.ts lists what pages may change.

const CSS = `
:host { display: block; }
:host([hidden]) { display: none; }

.heybagh {
  --accent: var(--heybagh-accent, light-dark(#a94e0a, #f5a551));
  --accent-ground: var(--heybagh-accent-ground, light-dark(#fdf0e1, #33261a));
  --text: var(--heybagh-text, light-dark(#24201b, #f1ece5));
  --quiet: var(--heybagh-quiet, light-dark(#675f55, #b3a99d));
  --surface: var(--heybagh-surface, light-dark(#fff, #211e1b));
  --ghost: var(--heybagh-ghost, light-dark(#f0ece6, #262320));
  --line: var(--heybagh-line, light-dark(#8f867a, #7d746a));
  --hairline: var(--heybagh-hairline, light-dark(#e4ded5, #35302b));
  --danger: var(--heybagh-danger, light-dark(#a81d1d, #ffb0a8));
  --danger-ground: var(--heybagh-danger-ground, light-dark(#fdeeee, #3a1f1d));
  --radius: var(--heybagh-radius, 14px);
  --shadow: 0 1px 2px rgb(50 35 15 / 6%), 0 6px 20px rgb(50 35 15 / 6%);
  container: heybagh / inline-size;
  color: var(--text);
  font: var(--heybagh-font, 1rem/1.5 system-ui, sans-serif);
}

.heybagh *, .heybagh ::before, .heybagh ::after { box-sizing: border-box; }
.heybagh [hidden] { display: none !important; }
.heybagh .away { visibility: hidden; }
.heybagh :is(h2, p, dl, dd, ol) { margin: 0; }
.heybagh h2 { font-size: 1.0625rem; font-weight: 650; line-height: 1.75rem; }
.heybagh .fine { color: var(--quiet); font-size: 0.875rem; font-variant-numeric: tabular-nums; text-wrap: pretty; }

/* Out of sight, yet in the tab order and in the accessibility tree. */
.heybagh .unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}

.heybagh :focus-visible, .heybagh .unseen:focus-visible + .drop { outline: 3px solid var(--accent); outline-offset: 3px; }

/* ---- The photo ---- */

.heybagh .layout { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.5rem; }
.heybagh section { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.75rem; align-content: start; }

.heybagh .frame { position: relative; }

.heybagh .drop {
  position: relative; display: grid; place-items: center; aspect-ratio: 3 / 2; overflow: hidden;
  border: 1.5px dashed var(--line); border-radius: var(--radius); background: var(--surface); text-align: center;
  cursor: pointer; transition: border-color 0.15s, background-color 0.15s;
}
.heybagh .drop:hover, .heybagh.dragging .drop { border-color: var(--accent); background: var(--accent-ground); }
.heybagh .invitation { padding: 1rem; }
.heybagh .inside, .heybagh .invitation slot { display: grid; gap: 0.25rem; justify-items: center; }
.heybagh .icon { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.heybagh .invitation .icon { width: 3rem; height: 3rem; margin-bottom: 0.5rem; color: var(--accent); }
.heybagh .invitation strong { font-size: 1.125rem; font-weight: 650; }
.heybagh .hint { color: var(--quiet); font-size: 0.9375rem; }
.heybagh .preview { position: absolute; width: 100%; height: 100%; object-fit: contain; }

/* With a photo, a label that looks like a button replaces the invitation. */
.heybagh .drop.filled { border-style: solid; border-color: var(--hairline); background: var(--ghost); }
.heybagh .drop.filled .invitation, .heybagh .drop:not(.filled) .again { display: none; }
.heybagh .again { position: absolute; inset-inline-end: 0.75rem; bottom: 0.75rem; }

.heybagh .again, .heybagh .way, .heybagh .go, .heybagh .share {
  padding: 0.35rem 0.9rem; border: 1px solid var(--line); border-radius: 99px; background: var(--surface);
  color: inherit; font: inherit; font-size: 0.9375rem; font-weight: 550; cursor: pointer;
}
.heybagh :is(.way, .go, .share):hover, .heybagh .drop:hover .again { border-color: var(--accent); color: var(--accent); }

.heybagh .ways { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.heybagh .address { display: flex; gap: 0.5rem; }
.heybagh :is(.address, .fields) :is(input, select) {
  min-width: 0; min-height: 2.25rem; padding: 0.3rem 0.7rem; border: 1px solid var(--line); border-radius: 0.6rem;
  background: var(--surface); color: inherit; font: inherit;
}
.heybagh .address input { flex: 1; }

/* Only touch devices get a button for the camera. */
@media not (any-pointer: coarse) { .heybagh .camera { display: none; } }

.heybagh .samples { display: grid; gap: 0.4rem; }
.heybagh .samples[hidden] { display: none; }
.heybagh .strip { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 0.5rem; }
.heybagh .sample {
  aspect-ratio: 1; padding: 0; overflow: hidden; border: 1px solid var(--hairline); border-radius: 0.6rem;
  background: var(--ghost); cursor: pointer;
}
.heybagh .sample:hover { border-color: var(--accent); }
.heybagh .sample img { display: block; width: 100%; height: 100%; object-fit: cover; }

/* ---- Status: room for two texts of two lines if it is narrow, or else of one line ---- */

.heybagh .state { min-height: 5.75rem; padding-top: 0.5rem; }
.heybagh .status { min-height: 1.5em; font-weight: 550; }
.heybagh .loading { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: center; }
.heybagh .loading span { min-width: 11rem; }
.heybagh progress {
  flex: 1; min-width: 6rem; height: 0.5rem; overflow: hidden; appearance: none; border: 0; border-radius: 99px;
  background: var(--hairline);
}
.heybagh progress::-webkit-progress-bar { background: var(--hairline); }
.heybagh progress::-webkit-progress-value {
  border-radius: 99px; background: var(--accent); transition: width 0.12s linear;
}
.heybagh progress::-moz-progress-bar { border-radius: 99px; background: var(--accent); }

/* ---- The answer ---- */

/* Title and summary share a line; the settings open below it. */
.heybagh .head { display: grid; }
.heybagh .head > * { grid-area: 1 / 1; }
.heybagh .head h2 { justify-self: start; }
.heybagh .head summary { margin-inline-start: auto; }

.heybagh .board { display: grid; }
.heybagh .board > * { grid-area: 1 / 1; }
.heybagh .results {
  display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; padding: 0; list-style: none;
}
.heybagh .results:has(> :nth-child(5)) { grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); }
.heybagh .tile {
  display: grid; grid-template: auto 1fr / minmax(0, 1fr); overflow: hidden; border: 1px solid var(--hairline);
  border-radius: var(--radius); background: var(--surface); box-shadow: var(--shadow);
}
.heybagh .caption {
  display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.75rem; align-items: center;
  padding: 0.55rem 0.85rem 0.65rem;
}
.heybagh .label {
  grid-column: 1 / -1; overflow: hidden; font-weight: 600; text-overflow: ellipsis; white-space: nowrap;
}
.heybagh .score { color: var(--quiet); font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.heybagh .bar { height: 0.3rem; overflow: hidden; border-radius: 99px; background: var(--hairline); }

/* The place of a result to come, as large as a result. */
.heybagh .tile.empty { border-color: transparent; background: var(--ghost); box-shadow: none; }
.heybagh .tile.empty .picture { aspect-ratio: 4 / 3; }
.heybagh .tile.empty .caption { visibility: hidden; }
.heybagh .results[aria-busy="true"] .empty { animation: heybagh-breathe 1.4s ease-in-out infinite alternate; }
@keyframes heybagh-breathe { to { opacity: 0.45; } }

/* Messages in place of results. */
.heybagh :is(.nothing, .notice) {
  z-index: 1; align-self: start; margin: clamp(0.75rem, 3cqi, 1.5rem); padding: 1rem 1.15rem;
  border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); box-shadow: var(--shadow);
  font-weight: 550; overflow-wrap: anywhere;
}
.heybagh .notice {
  display: grid; gap: 0.9rem; justify-items: start; border-color: var(--danger); background: var(--danger-ground);
  color: var(--danger);
}
.heybagh .retry {
  padding: 0.45rem 1.1rem; border: 0; border-radius: 99px; background: var(--danger); color: var(--danger-ground);
  font: inherit; cursor: pointer;
}
.heybagh .retry:hover { filter: brightness(1.12); }

/* ---- Below the answer ---- */

.heybagh .below { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: start; justify-content: space-between; }
.heybagh .below [open] { flex-basis: 100%; }
.heybagh summary { width: fit-content; color: var(--quiet); font-size: 0.9375rem; line-height: 1.75rem; cursor: pointer; }

@container heybagh (min-width: 44rem) {
  .heybagh .layout { grid-template-columns: minmax(0, 4fr) minmax(0, 5fr); gap: 2.5rem; }
  .heybagh .query { position: sticky; top: 1.5rem; } /* long lists of results scroll past the photo */
  .heybagh .drop { aspect-ratio: 4 / 3; }
  .heybagh .state { min-height: 4rem; }
}

@media (prefers-reduced-motion: reduce) {
  .heybagh *, .heybagh ::before, .heybagh ::after { animation: none !important; transition: none !important; }
}
`;

const sheets = new Map();

/**
 * Adds a style sheet to a root, once. Constructed style sheets need no permission of the page's Content-Security-Policy.
 *
 * @param {Node} root
 * @param {string} [css] of a part that is loaded later; default: the style above
 */
export function adoptStyle(root, css = CSS) {
  if (!sheets.has(css)) {
    sheets.set(css, new CSSStyleSheet());
    sheets.get(css).replaceSync(css);
  }
  const sheet = sheets.get(css);
  const place = root instanceof ShadowRoot ? root : document;
  if (!place.adoptedStyleSheets.includes(sheet)) place.adoptedStyleSheets = [...place.adoptedStyleSheets, sheet];
}
