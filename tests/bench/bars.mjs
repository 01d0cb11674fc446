// Bars as an SVG of its own: light or dark as the reader likes it, with title and description for those who hear it.

const WIDTH = 720;
const LABEL = 250; // px for the names
const VALUE = 100; // px for the figures behind the longest bar
const ROW = 26;
const GROUP = 30;
const HEAD = 54;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .group { font-weight: 600 }
  .fine { font-size: 11px; fill: #57606a }
  .ours { fill: #b4530a }
  .peer { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .fine { fill: #9198a1 }
    .ours { fill: #f5a551 }
    .peer { fill: #6e7681 }
  }`;

const escape = text => text.replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const text = (x, y, content, name = '', anchor = 'start') =>
  `  <text x="${x}" y="${y}" class="${name}" text-anchor="${anchor}">${escape(content)}</text>`;

/**
 * @param {object} chart
 * @param {string} chart.title
 * @param {string} chart.note under the title: unit, and what is better
 * @param {{name: string, bars: {label: string, value: number, shown: string, ours: boolean}[]}[]} chart.groups
 * @returns {string} an SVG document
 */
export function drawBars({ title, note, groups }) {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const lines = [];
  let y = HEAD;
  for (const { name, bars } of groups) {
    lines.push(text(0, y + 18, name, 'group'));
    y += GROUP;
    for (const { label, value, shown, ours } of bars) {
      const width = Math.max(1, value / most * (WIDTH - LABEL - VALUE));
      lines.push(
        text(LABEL - 8, y + 15, label, '', 'end'),
        `  <rect x="${LABEL}" y="${y + 2}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="2" `
          + `class="${ours ? 'ours' : 'peer'}"/>`,
        text(LABEL + width + 6, y + 15, shown),
      );
      y += ROW;
    }
  }
  const spoken = groups.map(({ name, bars }) => {
    const figures = bars.map(({ label, shown }) => `${label} ${shown}`);
    return `${name}: ${figures.join(', ')}.`;
  });
  const height = y + 6;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"
  role="img" aria-labelledby="title desc">
  <title id="title">${escape(title)}</title>
  <desc id="desc">${escape([note, ...spoken].join(' '))}</desc>
  <style>${STYLE}
  </style>
${text(0, 18, title, 'title')}
${text(0, 36, note, 'fine')}
${lines.join('\n')}
</svg>
`;
}
