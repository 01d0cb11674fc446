// Makes elements without strings of markup, so that no text from an index can become markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number | boolean | undefined>} [attributes] true makes an empty attribute, false and
 *   undefined make none
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/**
 * Makes a line drawing.
 *
 * @param {string} path
 */
export function icon(path, viewBox = '0 0 24 24') {
  const drawing = fill(document.createElementNS(SVG, 'svg'), { viewBox, class: 'icon', 'aria-hidden': 'true' }, []);
  drawing.append(fill(document.createElementNS(SVG, 'path'), { d: path }, []));
  return drawing;
}

/**
 * @template {Element} Kind
 * @param {Kind} element
 * @param {Record<string, string | number | boolean | undefined>} attributes
 * @param {(Node | string)[]} children
 */
function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}
