// A box over the photo that selects a part to search with, by pointer or keyboard.

import { h } from './dom.js';
import { adoptStyle } from './style.js';

/** @import { Region } from '../shared/types.js' */

const STEP = 0.05; // how far a key moves the box, as a fraction of the photo
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const SMALLEST = 0.05;
const FIRST = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };

const CSS = `
.heybagh .frame:has(.crop:not([hidden])) .again { display: none; }
.heybagh .crop { position: absolute; inset: 0; overflow: hidden; border-radius: var(--radius); cursor: crosshair; touch-action: none; }
.heybagh .crop-area { position: absolute; }
.heybagh .crop-box {
  position: absolute; border: 2px solid #fff; outline: 2px solid var(--accent); box-shadow: 0 0 0 100vmax rgb(0 0 0 / 50%);
  cursor: move;
}
.heybagh .crop-box:focus-visible { outline: 4px solid var(--accent); outline-offset: 0; }
`;

/** @type {(value: number, least: number, most: number) => number} */
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

export class Crop {
  #preview;
  #onRegion;
  #area = h('div', { class: 'crop-area' });
  #box;
  #region = FIRST;

  element = h('div', { class: 'crop', part: 'crop', hidden: true }, this.#area);

  /**
   * @param {HTMLImageElement} preview the photo, which may not fill its element
   * @param {string} help explains the box and its keys
   * @param {(region: Region | null) => void} onRegion called when a part is selected; null: the whole photo
   */
  constructor(preview, help, onRegion) {
    this.#preview = preview;
    this.#onRegion = onRegion;
    this.#box = h('div', { class: 'crop-box', tabindex: 0, role: 'application', 'aria-label': help });
    this.#area.append(this.#box);
    this.element.addEventListener('pointerdown', event => this.#drag(event));
    this.#box.addEventListener('keydown', event => this.#press(event));
    new ResizeObserver(() => this.#layArea()).observe(this.element);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Shows a box over the middle and focuses it. */
  open() {
    adoptStyle(this.element.getRootNode(), CSS);
    this.element.hidden = false;
    this.#layArea();
    this.#place(FIRST);
    this.#box.focus();
  }

  /** Hides the box. Does not call `onRegion`. */
  close() {
    this.element.hidden = true;
  }

  /** Moves the area to where the photo is shown, in the middle of its element. */
  #layArea() {
    const { clientWidth, clientHeight } = this.element;
    const { naturalWidth, naturalHeight } = this.#preview;
    if (!clientWidth || !naturalWidth) return;
    const scale = Math.min(clientWidth / naturalWidth, clientHeight / naturalHeight);
    const [width, height] = [naturalWidth * scale, naturalHeight * scale];
    setBox(this.#area, {
      x: (clientWidth - width) / 2 / clientWidth, y: (clientHeight - height) / 2 / clientHeight,
      width: width / clientWidth, height: height / clientHeight,
    });
  }

  /** @param {Region} region */
  #place(region) {
    const width = clamp(region.width, SMALLEST, 1);
    const height = clamp(region.height, SMALLEST, 1);
    this.#region = { x: clamp(region.x, 0, 1 - width), y: clamp(region.y, 0, 1 - height), width, height };
    setBox(this.#box, this.#region);
  }

  /** @param {PointerEvent} down on the box: moves it; elsewhere: draws a new one */
  #drag(down) {
    const start = this.#pointAt(down);
    const before = this.#region;
    const moves = down.target === this.#box;
    const move = (/** @type {PointerEvent} */ event) => {
      const point = this.#pointAt(event);
      const [dx, dy] = [point.x - start.x, point.y - start.y];
      this.#place(moves ? { ...before, x: before.x + dx, y: before.y + dy } : {
        x: Math.min(start.x, point.x), y: Math.min(start.y, point.y), width: Math.abs(dx), height: Math.abs(dy),
      });
    };
    const end = () => {
      this.element.removeEventListener('pointermove', move);
      this.#onRegion(this.#region);
    };
    this.element.setPointerCapture(down.pointerId);
    this.element.addEventListener('pointermove', move);
    for (const type of ['pointerup', 'pointercancel']) this.element.addEventListener(type, end, { once: true });
  }

  /** @param {PointerEvent} event */
  #pointAt({ clientX, clientY }) {
    const { left, top, width, height } = this.#area.getBoundingClientRect();
    return { x: clamp((clientX - left) / width, 0, 1), y: clamp((clientY - top) / height, 0, 1) };
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { x, y, width, height } = this.#region;
    const [dx, dy] = ARROWS[event.key] ?? [0, 0];
    if ((dx || dy) && event.shiftKey) this.#place({ x, y, width: width + dx, height: height + dy });
    else if (dx || dy) this.#place({ x: x + dx, y: y + dy, width, height });
    else if (event.key === 'Enter') this.#onRegion(this.#region);
    else if (event.key === 'Escape') this.#onRegion(null);
    else return;
    event.preventDefault();
  }
}

/**
 * @param {HTMLElement} box
 * @param {Region} region
 */
function setBox({ style }, { x, y, width, height }) {
  const percent = (/** @type {number} */ value) => `${100 * value}%`;
  Object.assign(style, { left: percent(x), top: percent(y), width: percent(width), height: percent(height) });
}
