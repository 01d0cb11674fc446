// The same network in TensorFlow.js, with its fastest operators: convolution, bias and ReLU in one.

import { drawResnet18, SIDE, transpose } from './resnet18.mjs';

/**
 * @param {object} tf tfjs-core
 * @param {Map<string, {shape: number[], data: Float32Array}>} tensors of the project's own f32 model: kernels are OHWI
 * @returns {(picture: object) => object} [1][224][224][3] to [1][512]
 */
export function makeNetwork(tf, tensors) {
  const filters = new Map();
  const biases = new Map();
  for (const [name, { shape, data }] of tensors) {
    const conv = name.replace(/\.(weight|bias)$/, '');
    if (shape.length === 4) {
      const hwio = transpose(data, shape, [1, 2, 3, 0]);
      filters.set(conv, tf.tensor4d(hwio.data, hwio.shape));
    } else if (!conv.startsWith('fc')) {
      biases.set(conv, tf.tensor1d(data));
    }
  }
  const operators = {
    convolution(name, x, { stride, relu }) {
      const filter = filters.get(name);
      return tf.fused.conv2d({
        x, filter, strides: stride, pad: filter.shape[0] >> 1, bias: biases.get(name),
        activation: relu ? 'relu' : 'linear',
      });
    },
    maxPool: x => tf.maxPool(x, 3, 2, 1),
    addRelu: (a, b) => tf.relu(tf.add(a, b)),
    mean: x => tf.mean(x, [1, 2]),
  };
  return picture => tf.tidy(() => drawResnet18(operators, picture));
}

/** @param {Float32Array} data [224][224][3] */
export const makePicture = (tf, data) => tf.tensor4d(data, [1, SIDE, SIDE, 3]);
