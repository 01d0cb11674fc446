"""The reference that HeyBagh's C code is compared with: torchvision's ResNet-18 pipeline in numpy and Pillow.

    network = reference.ResNet18("…/resnet18/model.safetensors")
    pixels = reference.pixels("photo.jpg")         # uint8, 224 × 224 × 3: what Resize(256) and CenterCrop(224) leave
    pooled, logits = network(pixels)               # float64, 512 and 1000

It shares nothing with the C side: it reads the published weights and not the project's model file, Pillow decodes
and resizes, and batch norm is computed as it is written, not folded. All arithmetic is float64. A convolution is a
matrix product (im2col), so numpy's BLAS does the work: about 0.2 s a photograph on one core.
Runs under Debian's /usr/bin/python3 with python3-numpy and python3-pil.
"""
import json
import os
import struct
import subprocess

import numpy as np
from PIL import Image

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
EPSILON = 1e-5  # of batch norm


class Missing(Exception):
    """Something to compare with is not there; the text is a sentence for people."""


def assets():
    """The folder that scripts/assets.sh finds."""
    found = subprocess.run([os.path.join(ROOT, "scripts", "assets.sh"), "--where"], capture_output=True, text=True)
    if found.returncode != 0:
        raise Missing(found.stderr.strip())
    return found.stdout.strip()


def kind_of_weights(folder):
    """"published", "development" or "other", as scripts/assets.sh knows them by their checksum."""
    command = [os.path.join(ROOT, "scripts", "assets.sh"), "--weights", folder]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def read_safetensors(path):
    """{name: array}; integers are left out. The data may begin at any byte: the published file is not aligned."""
    with open(path, "rb") as file:
        whole = file.read()
    (length,) = struct.unpack_from("<Q", whole)
    tensors = {}
    for name, entry in json.loads(whole[8 : 8 + length]).items():
        if entry.get("dtype") == "F32":
            begin, end = entry["data_offsets"]
            values = np.frombuffer(whole, "<f4", (end - begin) // 4, 8 + length + begin)
            tensors[name] = values.reshape(entry["shape"]).astype(np.float64)
    return tensors


def resized(width, height, short=256):
    """torchvision's Resize(256): the long side is cut to a whole number, not rounded."""
    if width <= height:
        return short, int(short * height / width)
    return int(short * width / height), short


def crop_offset(length, crop=224):
    """torchvision's CenterCrop(224): Python's round, so halves go to the even number."""
    return int(round((length - crop) / 2.0))


def crop(image):
    """What Resize(256) and CenterCrop(224) leave of a picture of Pillow's."""
    image = image.resize(resized(*image.size), Image.BILINEAR)
    left, top = crop_offset(image.width), crop_offset(image.height)
    return np.asarray(image.crop((left, top, left + 224, top + 224)))


def pixels(path):
    with Image.open(path) as file:
        return crop(file.convert("RGB"))


def convolve(x, weight, stride=1, padding=0):
    """channels × height × width → outputs × height' × width', by one matrix product"""
    outputs, channels, rows, columns = weight.shape
    if padding:
        x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    height = (x.shape[1] - rows) // stride + 1
    width = (x.shape[2] - columns) // stride + 1
    patches = np.empty((channels, rows, columns, height, width))
    for i in range(rows):
        for j in range(columns):
            patches[:, i, j] = x[:, i : i + height * stride : stride, j : j + width * stride : stride]
    product = weight.reshape(outputs, -1) @ patches.reshape(-1, height * width)
    return product.reshape(outputs, height, width)


def max_pool(x):
    """3 × 3, stride 2, padding 1"""
    x = np.pad(x, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    height, width = (x.shape[1] - 1) // 2, (x.shape[2] - 1) // 2
    shifted = [x[:, i : i + 2 * height : 2, j : j + 2 * width : 2] for i in range(3) for j in range(3)]
    return np.maximum.reduce(shifted)


class ResNet18:
    def __init__(self, weights):
        self.tensors = read_safetensors(weights)

    def norm(self, x, name):
        scale, bias, mean, variance = (
            self.tensors[f"{name}.{part}"][:, None, None] for part in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - mean) / np.sqrt(variance + EPSILON) * scale + bias

    def block(self, x, name):
        stride = 2 if f"{name}.downsample.0.weight" in self.tensors else 1
        y = convolve(x, self.tensors[name + ".conv1.weight"], stride, 1)
        y = np.maximum(self.norm(y, name + ".bn1"), 0)
        y = self.norm(convolve(y, self.tensors[name + ".conv2.weight"], 1, 1), name + ".bn2")
        if stride == 2:
            x = self.norm(convolve(x, self.tensors[name + ".downsample.0.weight"], 2), name + ".downsample.1")
        return np.maximum(x + y, 0)

    def features(self, pixels):
        """768 numbers: the means of layer4's 512 channels, then those of layer3's 256."""
        x = ((pixels / 255 - MEAN) / STD).transpose(2, 0, 1)
        x = np.maximum(self.norm(convolve(x, self.tensors["conv1.weight"], 2, 3), "bn1"), 0)
        x = max_pool(x)
        for layer in (1, 2, 3, 4):
            for block in (0, 1):
                x = self.block(x, f"layer{layer}.{block}")
            if layer == 3:
                layer3 = x.mean(axis=(1, 2))
        return np.concatenate([x.mean(axis=(1, 2)), layer3])

    def logits(self, pooled):
        return self.tensors["fc.weight"] @ pooled + self.tensors["fc.bias"]

    def __call__(self, pixels):
        pooled = self.features(pixels)[:512]
        return pooled, self.logits(pooled)


def cosine(a, b):
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))
