// The project's f32 model as an ONNX file: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 has the numbers of
// the fields. Input "picture" [1, 3, 224, 224], output "features" [1, 512].

import { bytes, encode, integer, integers, message, text } from './protobuf.mjs';
import { drawResnet18, FEATURES, SIDE, transpose } from './resnet18.mjs';

const IR_VERSION = 8;
const OPSET = 17;
const FLOAT = 1; // TensorProto.DataType
const [INT, INTS] = [2, 7]; // AttributeProto.AttributeType

const initializer = (name, { shape, data }) =>
  message(5, integers(1, shape), integer(2, FLOAT), text(8, name), bytes(9, data));

const attribute = (name, value) => (Array.isArray(value)
  ? message(5, text(1, name), integers(8, value), integer(20, INTS))
  : message(5, text(1, name), integer(3, value), integer(20, INT)));

function node(type, inputs, output, attributes = {}) {
  const fields = Object.entries(attributes).map(([name, value]) => attribute(name, value));
  return message(1, ...inputs.map(name => text(1, name)), text(2, output), text(3, output), text(4, type), ...fields);
}

function valueInfo(field, name, shape) {
  const dimensions = shape.map(size => message(1, integer(1, size)));
  return message(field, text(1, name), message(2, message(1, integer(1, FLOAT), message(2, ...dimensions))));
}

/**
 * @param {Map<string, {shape: number[], data: Float32Array}>} tensors of the project's own f32 model: kernels are OHWI
 * @returns {Uint8Array}
 */
export function makeOnnx(tensors) {
  const nodes = [];
  const initializers = [];
  const add = (type, inputs, output, attributes) => {
    nodes.push(node(type, inputs, output, attributes));
    return output;
  };
  const operators = {
    convolution(name, x, { stride, relu }) {
      const { shape, data } = tensors.get(`${name}.weight`);
      const [, kernel] = shape;
      initializers.push(
        initializer(`${name}.weight`, transpose(data, shape, [0, 3, 1, 2])),
        initializer(`${name}.bias`, tensors.get(`${name}.bias`)),
      );
      const output = add('Conv', [x, `${name}.weight`, `${name}.bias`], name, {
        kernel_shape: [kernel, kernel], strides: [stride, stride], pads: Array(4).fill(kernel >> 1),
        dilations: [1, 1], group: 1,
      });
      return relu ? add('Relu', [output], `${name}.relu`) : output;
    },
    maxPool: x => add('MaxPool', [x], 'maxpool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    addRelu: (a, b) => add('Relu', [add('Add', [a, b], `${a}.sum`)], `${a}.sum.relu`),
    mean: x => add('Flatten', [add('GlobalAveragePool', [x], 'mean')], 'features', { axis: 1 }),
  };
  drawResnet18(operators, 'picture');
  const graph = message(7, ...nodes, text(2, 'resnet18'), ...initializers,
    valueInfo(11, 'picture', [1, 3, SIDE, SIDE]), valueInfo(12, 'features', [1, FEATURES]));
  return encode(integer(1, IR_VERSION), text(2, 'heybagh'), graph, message(8, text(1, ''), integer(2, OPSET)));
}
