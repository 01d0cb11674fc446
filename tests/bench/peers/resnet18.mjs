// ResNet-18 from the picture to its 512 pooled features, drawn with whatever operators a library has.

/**
 * @template T
 * @param {object} operators
 * @param {(name: string, x: T, how: {stride: number, relu: boolean}) => T} operators.convolution `name` is
 *   torchvision's; padding is half of the kernel, batch norm is in the weights
 * @param {(x: T) => T} operators.maxPool 3x3, stride 2, padding 1
 * @param {(a: T, b: T) => T} operators.addRelu relu(a + b)
 * @param {(x: T) => T} operators.mean over height and width
 * @param {T} x the picture
 * @returns {T} the features
 */
export function drawResnet18({ convolution, maxPool, addRelu, mean }, x) {
  x = maxPool(convolution('conv1', x, { stride: 2, relu: true }));
  for (let layer = 1; layer <= 4; layer++) {
    for (let block = 0; block < 2; block++) {
      const stride = layer > 1 && block === 0 ? 2 : 1;
      const name = `layer${layer}.${block}`;
      const first = convolution(`${name}.conv1`, x, { stride, relu: true });
      const second = convolution(`${name}.conv2`, first, { stride: 1, relu: false });
      const shortcut = stride === 2 ? convolution(`${name}.downsample.0`, x, { stride, relu: false }) : x;
      x = addRelu(second, shortcut);
    }
  }
  return mean(x);
}

/**
 * Reorders the numbers of a tensor of four dimensions.
 *
 * @param {Float32Array} data
 * @param {number[]} shape
 * @param {number[]} order which of the old dimensions comes first, second, …
 * @returns {{shape: number[], data: Float32Array}}
 */
export function transpose(data, shape, order) {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
  const [a, b, c, d] = order.map(i => shape[i]);
  const [sa, sb, sc, sd] = order.map(i => strides[i]);
  const moved = new Float32Array(data.length);
  let to = 0;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < c; k++) {
        for (let l = 0; l < d; l++) moved[to++] = data[i * sa + j * sb + k * sc + l * sd];
      }
    }
  }
  return { shape: [a, b, c, d], data: moved };
}

export const SIDE = 224; // of the picture
export const FEATURES = 512;
