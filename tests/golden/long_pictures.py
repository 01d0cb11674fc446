#!/usr/bin/python3
"""How a picture that is much longer than wide should be looked at: squashed into the square that the network sees, padded
to a square, or cut into tiles. src/image/view.c does what measured best.

    long_pictures.py [--model FILE] [--builder FILE] [--strips N] [--pictures N] [--seed N]

Of Caltech-101, four fifths are the collection, seen as a whole. From pictures of the other fifth strips are made, 4 to 16
times as long as wide, lying or standing: the picture is near one end or anywhere, the rest is one colour (a page), scenes
in a row (a panorama), or what is at the picture's edges drawn out. A strip is answered rightly by pictures of its picture's
class: the table has precision@4, exact cosine of 256 numbers by a discriminant that is learned from the collection alone,
and of layer4's features as they are. Strips, crops and their order depend on the seed only.

Measured with the int8 model:

    300 strips, 6942 pictures    discriminant  at an end   4-6:1    8:1  12-16:1  layer4
    centre (torchvision)                0.077      0.028   0.118  0.095    0.024   0.088
    squashed                            0.133      0.146   0.211  0.131    0.048   0.122
    padded                              0.050      0.046   0.096  0.048    0.002   0.056
    up to 4 tiles, mean                 0.410      0.436   0.604  0.381    0.217   0.238
    up to 8 tiles, mean                 0.427      0.447   0.598  0.389    0.263   0.218
    up to 4 tiles, largest              0.573      0.589   0.774  0.595    0.342   0.464
    up to 6 tiles, largest              0.675      0.684   0.791  0.714    0.529   0.523
    up to 8 tiles, largest              0.726      0.736   0.791  0.762    0.636   0.581
    and all of it, squashed             0.664      0.694   0.730  0.698    0.575   0.522

For the view `both`, on 868 strips against a collection by both views: the largest of up to 8 tiles 0.687, of these and the
centre 0.675, the mean of the centre and the largest of the tiles 0.554. So a long picture is its tiles for both views.

Runs under Debian's /usr/bin/python3 with python3-numpy and python3-pil, and takes some minutes.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import numpy as np  # noqa: E402
from PIL import Image, ImageFilter  # noqa: E402

import arrays  # noqa: E402
import reference  # noqa: E402

SIDE = 224
HEIGHT = 200  # of a strip, in pixels
BATCH = 200  # pictures a call of index-builder


def pictures_of(folder):
    classes = sorted(set(os.listdir(folder)) - {"BACKGROUND_Google"})
    return [(name, os.path.join(folder, name, file)) for name in classes for file in sorted(os.listdir(f"{folder}/{name}"))]


def load(path):
    with Image.open(path) as file:
        return file.convert("RGB")


# ---- Strips ----


def of_height(image, height):
    return image.resize((max(1, round(image.width * height / image.height)), height), Image.BICUBIC)


def row_of(scene, width):
    """The scene and its mirror image, in turns."""
    row, left, mirrored = Image.new("RGB", (width, HEIGHT)), 0, False
    while left < width:
        row.paste(scene.transpose(Image.FLIP_LEFT_RIGHT) if mirrored else scene, (left, 0))
        left, mirrored = left + scene.width, not mirrored
    return row


def drawn_out(picture, left, width):
    row = Image.new("RGB", (width, HEIGHT))
    row.paste(picture.crop((0, 0, 2, HEIGHT)).resize((max(1, left), HEIGHT)), (0, 0))
    row.paste(picture.crop((picture.width - 2, 0, picture.width, HEIGHT)).resize((max(1, width - left), HEIGHT)), (left, 0))
    return row.filter(ImageFilter.GaussianBlur(2))


def make_strip(path, scenes, dice):
    """-> the strip, how many times it is as long as wide, and whether the picture is at an end"""
    aspect, stands = dice.choice([4, 6, 8, 12, 16]), dice.random() < 0.5
    kind, at_end = dice.choice(["page", "panorama", "edges"]), dice.random() < 2 / 3
    # a standing strip is made lying, and turned back
    turned = (lambda image: image.transpose(Image.ROTATE_90)) if stands else (lambda image: image)
    picture = of_height(turned(load(path)), HEIGHT)
    width = max(aspect * HEIGHT, picture.width + 1)
    free = width - picture.width
    left = min(free, int(dice.random() * 0.3 * HEIGHT)) if at_end else dice.randrange(free + 1)
    if at_end and dice.random() < 0.5:
        left = free - left
    if kind == "page":
        strip = Image.new("RGB", (width, HEIGHT), dice.choice([(255, 255, 255), (0, 0, 0), (200, 190, 170)]))
    elif kind == "panorama":
        strip = row_of(of_height(turned(load(dice.choice(scenes))), HEIGHT), width)
    else:
        strip = drawn_out(picture, left, width)
    strip.paste(picture, (left, 0))
    return strip.transpose(Image.ROTATE_270) if stands else strip, width / HEIGHT, at_end


# ---- Ways to look at one ----


def squashed(image):
    return [image.resize((SIDE, SIDE), Image.BILINEAR)]


def padded(image):
    scale = SIDE / max(image.size)
    small = image.resize([max(1, round(side * scale)) for side in image.size], Image.BILINEAR)
    square = Image.new("RGB", (SIDE, SIDE), tuple(round(255 * mean) for mean in reference.MEAN))
    square.paste(small, ((SIDE - small.width) // 2, (SIDE - small.height) // 2))
    return [square]


def centre(image):
    image = image.resize(reference.resized(*image.size), Image.BILINEAR)
    left, top = (reference.crop_offset(side) for side in image.size)
    return [image.crop((left, top, left + SIDE, top + SIDE))]


def tiles(image, most):
    count = min(most, round(max(image.size) / min(image.size)))
    lies = image.width > image.height
    scaled = image.resize((count * SIDE, SIDE) if lies else (SIDE, count * SIDE), Image.BILINEAR)
    corners = [(t * SIDE, 0) if lies else (0, t * SIDE) for t in range(count)]
    return [scaled.crop((x, y, x + SIDE, y + SIDE)) for x, y in corners]


def mean(rows):
    return rows.mean(axis=0)


def largest(rows):
    return rows.max(axis=0)


def ways():
    """-> name: how crops are made, and how their features become those of the picture"""
    found = {"centre (torchvision)": (centre, mean), "squashed": (squashed, mean), "padded": (padded, mean)}
    for how in (mean, largest):
        for most in (2, 3, 4, 6, 8):
            found[f"up to {most} tiles, {how.__name__}"] = (lambda image, most=most: tiles(image, most), how)
    found["and all of it, squashed"] = (lambda image: tiles(image, 8) + squashed(image), largest)
    return found


# ---- Features and heads ----


class Embedder:
    def __init__(self, builder, weights, calibration, folder):
        self.builder, self.model = builder, os.path.join(folder, "whole.safetensors")
        self.call("model", "--weights", weights, "--precision", "i8", "--calibrate", calibration, "--view", "whole", "--out",
                  self.model)

    def call(self, *words):
        return subprocess.run([self.builder, *words], check=True, stdout=subprocess.PIPE, text=True).stdout

    def features(self, paths):
        """-> [len(paths)][768]"""
        rows = []
        for first in range(0, len(paths), BATCH):
            lines = self.call("embed", "--model", self.model, "--head", "features", *paths[first : first + BATCH])
            rows += [np.array(json.loads(line)["embedding"], np.float32) for line in lines.splitlines()]
        return np.array(rows)


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


def prepared(features):
    return np.hstack([unit(np.sqrt(part)) for part in np.split(features.astype(np.float64), [512], axis=1)])


def discriminant(x, labels, dim=256, shrink=0.1, tau=0.1):
    """Within-class whitening, then the leading directions, those weighted down in which classes hardly differ."""
    middle, within = x.mean(axis=0), np.zeros((x.shape[1],) * 2)
    for label in np.unique(labels):
        apart = x[labels == label] - x[labels == label].mean(axis=0)
        within += apart.T @ apart / len(x)
    within = (1 - shrink) * within + shrink * np.trace(within) / len(within) * np.eye(len(within))
    variances, directions = np.linalg.eigh(within)
    whitening = directions / np.sqrt(variances)
    white = (x - middle) @ whitening
    total, leading = np.linalg.eigh(white.T @ white / len(white))
    order = np.argsort(-total)[:dim]
    between = np.maximum(total[order] - 1, 0)
    matrix = whitening @ leading[:, order] * np.sqrt(between / (between + tau))
    return lambda rows: (rows - middle) @ matrix


def right_of_four(collection, labels, queries, wanted):
    nearest = np.argpartition(-unit(queries) @ unit(collection).T, 4, axis=1)[:, :4]
    return (labels[nearest] == wanted[:, None]).mean(axis=1)


# ---- The table ----


def measure(options, folder):
    caltech = os.path.join(reference.assets(), arrays.CALTECH)
    scenes = [os.path.join(caltech, "BACKGROUND_Google", name) for name in
              sorted(os.listdir(os.path.join(caltech, "BACKGROUND_Google"))) if name.endswith(".jpg")]
    pictures = pictures_of(caltech)
    _, classes = np.unique([name for name, _ in pictures], return_inverse=True)
    order = np.random.default_rng(options.seed).permutation(len(pictures))
    fifth = len(pictures) // 5
    asked, kept = order[:fifth][: options.strips], order[fifth:][: options.pictures]
    embedder = Embedder(options.builder, options.model, caltech, folder)
    collection = embedder.features([pictures[i][1] for i in kept])
    head = discriminant(prepared(collection), classes[kept])
    learned = head(prepared(collection))

    rows, long, ends = {name: [] for name in [*ways(), "index-builder, whole"]}, [], []
    for number, i in enumerate(asked):
        strip, aspect, at_end = make_strip(pictures[i][1], scenes, random.Random(f"{options.seed} {i}"))
        long.append(aspect), ends.append(at_end)
        crops = {name: make(strip) for name, (make, _) in ways().items()}
        paths = [os.path.join(folder, f"{n}.ppm") for n in range(sum(map(len, crops.values())) + 1)]
        for path, image in zip(paths, [crop for made in crops.values() for crop in made] + [strip]):
            image.save(path)
        features, at = embedder.features(paths), 0
        for name, (_, combine) in ways().items():
            rows[name].append(combine(features[at : at + len(crops[name])]))
            at += len(crops[name])
        rows["index-builder, whole"].append(features[at])
        if number % 50 == 49:
            print(f"long_pictures: {number + 1} of {len(asked)} strips", file=sys.stderr)

    long, ends = np.array(long), np.array(ends)
    columns = [ends, long < 7, (long >= 7) & (long < 10), long >= 10]
    print(f"{len(asked)} strips, {len(kept)} pictures; precision@4")
    print(f"{'':24s} discriminant  at an end   4-6:1    8:1  12-16:1  layer4")
    for name, found in rows.items():
        found = np.array(found)
        hits = right_of_four(learned, classes[kept], head(prepared(found)), classes[asked])
        plain = right_of_four(collection[:, :512], classes[kept], found[:, :512], classes[asked])
        parts = "  ".join(f"{hits[column].mean():7.3f}" for column in columns)
        print(f"{name:24s} {hits.mean():12.3f}  {parts}  {plain.mean():6.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--builder", default=os.path.join(reference.ROOT, "build", "native", "index-builder"))
    parser.add_argument("--model", default=os.path.join(reference.ROOT, "models", "resnet18-i8.safetensors"))
    parser.add_argument("--strips", type=int, default=300, help="default: 300")
    parser.add_argument("--pictures", type=int, default=10**6, help="of the collection; default: all")
    parser.add_argument("--seed", type=int, default=7)
    with tempfile.TemporaryDirectory() as folder:
        measure(parser.parse_args(), folder)


if __name__ == "__main__":
    try:
        main()
    except reference.Missing as error:
        sys.exit(f"long_pictures: {error}")
