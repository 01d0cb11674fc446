// AVIF files, of which nothing but Chromium's own AV1 encoder is at hand: one key frame of a video, put into the boxes
// that make it a picture (ISO/IEC 14496-12 and 23008-12, AV1 Image File Format).

/**
 * @param {import('@playwright/test').Page} page whose encoder is used
 * @param {string} data the picture as base64, of a format that the browser knows
 * @param {number} [turns] quarters that the picture is to be turned, anticlockwise, when it is shown
 * @returns {Promise<Buffer>} its upper left part, of an even width and height
 */
export async function makeAvif(page, data, turns = 0) {
  const { frame, width, height } = await page.evaluate(encodeFrame, data);
  const [delimiter, sequence] = [frame[0], frame[2]];
  if (delimiter !== 0x12 || sequence !== 0x0a) throw new Error('This is not how an AV1 stream begins.');
  return wrap(Buffer.from(frame.slice(2)), width, height, turns);
}

async function encodeFrame(data) {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(data), c => c.charCodeAt(0))]));
  const [width, height] = [bitmap.width & ~1, bitmap.height & ~1];
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  let frame;
  const output = chunk => {
    frame = new Uint8Array(chunk.byteLength);
    chunk.copyTo(frame);
  };
  const encoder = new VideoEncoder({ output, error: error => { throw error; } });
  encoder.configure({ codec: 'av01.0.04M.08', width, height, bitrate: 2e7 });
  const picture = new VideoFrame(canvas, { timestamp: 0 });
  encoder.encode(picture, { keyFrame: true });
  await encoder.flush();
  picture.close();
  return { frame: Array.from(frame), width, height };
}

const u8 = (...values) => Buffer.from(values);
const u16 = value => u8(value >> 8, value & 255);
const u32 = value => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
const text = value => Buffer.from(value, 'latin1');

function box(type, ...parts) {
  const content = Buffer.concat(parts);
  return Buffer.concat([u32(content.length + 8), text(type), content]);
}

const fullBox = (type, version, ...parts) => box(type, u8(version, 0, 0, 0), ...parts);

function wrap(frame, width, height, turns) {
  const head = box('ftyp', text('avif'), u32(0), text('avifmif1miaf'));
  const size = meta(0, frame.length, width, height, turns).length;
  return Buffer.concat([head, meta(head.length + size + 8, frame.length, width, height, turns), box('mdat', frame)]);
}

/** One item, number 1, of so many bytes at this place in the file. */
function meta(place, length, width, height, turns) {
  const properties = [
    fullBox('ispe', 0, u32(width), u32(height)),
    fullBox('pixi', 0, u8(3, 8, 8, 8)),
    box('av1C', u8(0x81, 0x04, 0x0c, 0)), // main profile, level 3.0, 8 bits, 4:2:0
    box('irot', u8(turns)),
  ];
  return fullBox('meta', 0,
    fullBox('hdlr', 0, u32(0), text('pict'), u32(0), u32(0), u32(0), u8(0)),
    fullBox('pitm', 0, u16(1)),
    fullBox('iloc', 0, u8(0x44, 0), u16(1), u16(1), u16(0), u16(1), u32(place), u32(length)),
    fullBox('iinf', 0, u16(1), fullBox('infe', 2, u16(1), u16(0), text('av01'), u8(0))),
    box('iprp', box('ipco', ...properties),
      fullBox('ipma', 0, u32(1), u16(1), u8(properties.length, 1, 2, 0x83, 0x84)))); // the last two are essential
}
