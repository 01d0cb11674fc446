#!/usr/bin/python3
"""Compares the embeddings of `index-builder embed --head logits` with the reference's logits, for 98 photographs of
Caltech-101 and the camera-size ones. Fails unless every cosine is at least 0.998 and their mean at least 0.9998.

    compare_embed.py [--builder FILE] [--model FILE] [--assets FOLDER]
"""
import argparse
import json
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import numpy as np  # noqa: E402

import reference  # noqa: E402

COUNT = 98
LEAST = 0.998
LEAST_MEAN = 0.9998


def chosen_images(assets):
    """COUNT photographs, the same every time: one from each of COUNT classes, none that the golden arrays cover."""
    folder = os.path.join(assets, "caltech101", "101_ObjectCategories")
    covered = set(reference.golden()[1]["images"])
    classes = sorted(os.listdir(folder))
    if len(classes) < COUNT:
        raise reference.Missing(f"{folder} holds {len(classes)} classes, at least {COUNT} are needed")
    images = []
    for i in range(COUNT):
        label = classes[i * len(classes) // COUNT]
        names = sorted(n for n in os.listdir(os.path.join(folder, label)) if n.endswith(".jpg"))
        names = [n for n in names if f"{label}/{n}" not in covered]
        # 0.618…: steps of the golden ratio fall evenly over the class, however many there are
        images.append(os.path.join(folder, label, names[int(i * 0.6180339887 % 1 * len(names))]))
    return images


def large_photos(assets):
    folder = os.path.join(assets, "photos")
    if not os.path.isdir(folder):
        print(f"note: no {folder}, so no camera-size photograph is compared")
        return []
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".jpg"))


def builder_embeddings(builder, model, images):
    """{image: embedding}"""
    command = [builder, "embed", "--json", "--model", model, "--head", "logits"] + images
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        raise reference.Missing(f"cannot run {builder}: {error.strerror}; build it first") from None
    if done.returncode != 0:
        raise reference.Missing(f"{builder} embed ended with code {done.returncode}")
    embeddings = {}
    for line in done.stdout.splitlines():
        try:
            entry = json.loads(line)
            embeddings[entry["image"]] = np.array(entry["embedding"], np.float64)
        except (ValueError, KeyError, TypeError):
            raise reference.Missing(f"{builder} embed printed a line that is not an embedding: {line[:80]}") from None
    return embeddings


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--builder", default=os.path.join(reference.ROOT, "build", "native", "index-builder"))
    parser.add_argument("--model", default=os.path.join(reference.ROOT, "models", "resnet18-f32.safetensors"))
    parser.add_argument("--assets", help="default: what scripts/assets.sh finds")
    options = parser.parse_args()
    assets = options.assets or reference.assets()

    images = chosen_images(assets) + large_photos(assets)
    embeddings = builder_embeddings(options.builder, options.model, images)
    start = time.monotonic()
    network = reference.ResNet18(os.path.join(assets, "resnet18", "model.safetensors"))
    cosines, faults = [], []
    for image in images:
        logits = network(reference.pixels(image))[1]
        mine = embeddings.get(image)
        if mine is None or mine.shape != logits.shape:
            faults.append(f"{image}: no embedding of {logits.size} numbers")
        elif not abs(np.sqrt(mine @ mine) - 1) < 1e-4:  # a NaN is a fault, too
            faults.append(f"{image}: the embedding has length {np.sqrt(mine @ mine):.6f}, not 1")
        else:
            cosines.append((reference.cosine(mine, logits), image))
    seconds = time.monotonic() - start

    for fault in faults:
        print(fault, file=sys.stderr)
    if not cosines:
        return 1
    cosines.sort()
    mean = sum(c for c, _ in cosines) / len(cosines)
    least = cosines[0][0]
    print(f"{len(cosines)} of {len(images)} photographs: cosine min {least:.6f}, mean {mean:.6f} "
          f"(at least {LEAST} and {LEAST_MEAN}); reference: {seconds / len(images):.2f} s each")
    for value, image in cosines[:5]:
        print(f"  {value:.6f}  {os.path.relpath(image, assets)}")
    return 0 if not faults and least >= LEAST and mean >= LEAST_MEAN else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except reference.Missing as error:
        sys.exit(f"compare_embed: {error}")
