#!/usr/bin/python3
"""Pictures as torchvision's preset prepares them with Pillow: Resize(256, bilinear with antialias), CenterCrop(224),
mean and std. Reads paths, a line each, and writes [3][224][224] floats for each.
"""
import sys

import numpy as np
from PIL import Image

MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def prepare(path):
    image = Image.open(path).convert("RGB")
    width, height = image.size
    if width <= height:
        size = (256, int(256 * height / width))
    else:
        size = (int(256 * width / height), 256)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    crop = image.resize(size, Image.Resampling.BILINEAR).crop((left, top, left + 224, top + 224))
    return ((np.asarray(crop, np.float32) / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)


for line in sys.stdin:
    sys.stdout.buffer.write(np.ascontiguousarray(prepare(line.rstrip("\n"))).tobytes())
