// Protocol buffers, as far as an ONNX file needs them: https://protobuf.dev/programming-guides/encoding
// A field is a list of pieces, so that large tensors are copied once, in `encode`.

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** @returns {number[]} 7 bits a byte, the lowest first */
function varintBytes(value) {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 0x80)) bytes.push(value % 0x80 | 0x80);
  return [...bytes, value];
}

/** A whole number, not negative. */
export const integer = (field, value) => [Uint8Array.of(...varintBytes(field * 8 + VARINT), ...varintBytes(value))];

/** @param {Uint8Array[]} pieces what the field holds, one after the other */
function delimited(field, pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [Uint8Array.of(...varintBytes(field * 8 + LENGTH_DELIMITED), ...varintBytes(length)), ...pieces];
}

/** The bytes of typed numbers. */
export const bytes = (field, { buffer, byteOffset, byteLength }) =>
  delimited(field, [new Uint8Array(buffer, byteOffset, byteLength)]);

export const text = (field, value) => delimited(field, [new TextEncoder().encode(value)]);

/** A message in a message. */
export const message = (field, ...fields) => delimited(field, fields.flat());

/** Whole numbers in one field. */
export const integers = (field, values) => delimited(field, [Uint8Array.from(values.flatMap(varintBytes))]);

/** @returns {Uint8Array} a message by itself, which is what a file holds */
export function encode(...fields) {
  const pieces = fields.flat();
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.length;
  }
  return whole;
}
