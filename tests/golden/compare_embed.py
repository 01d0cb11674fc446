#!/usr/bin/python3
"""Compares the embeddings of `index-builder embed --head logits` with the reference's logits, for the photographs that
pictures.json lists as "embedded" and the camera-size ones. Fails unless every cosine is at least 0.998 and their mean
at least 0.9998.

    compare_embed.py [--builder FILE] [--model FILE] [--assets FOLDER]
"""
import argparse
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
import numpy as np  # noqa: E402

import arrays  # noqa: E402
import reference  # noqa: E402

LEAST = 0.998
LEAST_MEAN = 0.9998


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

    about, expected = arrays.read(arrays.folder_of(assets, arrays.cache()))
    if not arrays.camera_photos(assets):
        print(f"note: {assets}/photos has no pictures, so no camera-size photograph is compared")
    images = [os.path.join(assets, name) for name in about["embedded"]]
    embeddings = builder_embeddings(options.builder, options.model, images)
    cosines, faults = [], []
    for image, logits in zip(images, expected["embedded_logits"].astype(np.float64)):
        mine = embeddings.get(image)
        if mine is None or mine.shape != logits.shape:
            faults.append(f"{image}: no embedding of {logits.size} numbers")
        elif not abs(np.sqrt(mine @ mine) - 1) < 1e-4:  # a NaN is a fault, too
            faults.append(f"{image}: the embedding has length {np.sqrt(mine @ mine):.6f}, not 1")
        else:
            cosines.append((reference.cosine(mine, logits), image))

    for fault in faults:
        print(fault, file=sys.stderr)
    if not cosines:
        return 1
    cosines.sort()
    mean = sum(c for c, _ in cosines) / len(cosines)
    least = cosines[0][0]
    print(f"{len(cosines)} of {len(images)} photographs: cosine min {least:.6f}, mean {mean:.6f} "
          f"(at least {LEAST} and {LEAST_MEAN})")
    for value, image in cosines[:5]:
        print(f"  {value:.6f}  {os.path.relpath(image, assets)}")
    return 0 if not faults and least >= LEAST and mean >= LEAST_MEAN else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except reference.Missing as error:
        sys.exit(f"compare_embed: {error}")
