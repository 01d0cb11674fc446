// Reads the size of a JPEG or PNG from its first bytes.

const [IHDR, CGBI] = [0x49484452, 0x43674249];

/**
 * @param {Uint8Array} bytes of a file
 * @returns {number | undefined} pixels that a JPEG or a PNG has; undefined for any other file, and a damaged one
 */
export function pixelsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (startsWith(bytes, '\xff\xd8')) return jpegPixels(view);
    if (startsWith(bytes, '\x89PNG')) return pngPixels(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the view ends: the file is cut short
  }
  return undefined;
}

/**
 * @param {Uint8Array} bytes of a file
 * @param {string} magic a character a byte
 */
export function startsWith(bytes, magic) {
  return bytes.length >= magic.length && [...magic].every((c, i) => bytes[i] === c.charCodeAt(0));
}

/**
 * Chunks are length, type, content and checksum. IHDR, with width and height, is the first one, but in what Xcode makes
 * for iPhones.
 *
 * @param {DataView} view of the file
 */
function pngPixels(view) {
  const at = view.getUint32(12) === CGBI ? 8 + 12 + view.getUint32(8) : 8;
  return view.getUint32(at + 4) === IHDR ? view.getUint32(at + 8) * view.getUint32(at + 12) : undefined;
}

/**
 * Segments are FF marker, length (itself included); the frame header tells precision, height and width.
 *
 * @param {DataView} view of the file
 */
function jpegPixels(view) {
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (isFrame(marker)) return view.getUint16(at + 5) * view.getUint16(at + 7);
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2); // one of several FF is filling
  }
  return undefined;
}

/**
 * SOF0 to SOF15, between which are DHT, JPG and DAC.
 *
 * @param {number} marker
 */
function isFrame(marker) {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
