// The container of weight files, https://github.com/huggingface/safetensors#format: 8 bytes header length, JSON header,
// tensors' bytes. For Node and for the browser.

/**
 * @param {ArrayBuffer} file
 * @returns {{metadata: Record<string, string>, tensors: Map<string, {shape: number[], data: Float32Array}>}} the f32
 *   tensors; others are left out
 */
export function readSafetensors(file) {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets: [begin, end] }] of Object.entries(entries)) {
    const bytes = () => file.slice(8 + length + begin, 8 + length + end); // a copy, as it may not be aligned
    if (dtype === 'F32') tensors.set(name, { shape, data: new Float32Array(bytes()) });
  }
  return { metadata, tensors };
}

/**
 * @param {Map<string, {shape: number[], data: Float32Array}>} tensors
 * @returns {Uint8Array} the file
 */
export function writeSafetensors(tensors) {
  const header = {};
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end += data.byteLength] };
  }
  let text = JSON.stringify(header);
  text = text.padEnd(Math.ceil(text.length / 8) * 8); // tensors begin at a multiple of 8
  const file = new Uint8Array(8 + text.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(new TextEncoder().encode(text), 8);
  for (const [name, { data }] of tensors) {
    const [begin] = header[name].data_offsets;
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + text.length + begin);
  }
  return file;
}
