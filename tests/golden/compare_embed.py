#!/usr/bin/python3
"""Compares the embeddings of `index-builder embed --head logits` with the reference's logits, for the 200 photographs that
pictures.json lists as "embedded" and the camera-size ones: their cosines, and the four others that are nearest to each,
which is what a Python pipeline on torchvision would find. Fails unless every cosine is at least LEAST, and LEAST_OVERLAP of
the nearest are the same.

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

# Pixels are equal, so that only float32 in place of float64 is left, 1e-11.
LEAST = 0.999999
LEAST_OVERLAP = 0.995


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


def nearest(vectors, count=4):
    """-> for each vector the places of the others with the highest cosines"""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = unit @ unit.T
    np.fill_diagonal(scores, -2)
    return [set(row[:count]) for row in np.argsort(-scores, axis=1, kind="stable")]


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
    cosines, faults, pairs = [], [], []
    for image, logits in zip(images, expected["embedded_logits"].astype(np.float64)):
        mine = embeddings.get(image)
        if mine is None or mine.shape != logits.shape:
            faults.append(f"{image}: no embedding of {logits.size} numbers")
        elif not abs(np.sqrt(mine @ mine) - 1) < 1e-4:  # a NaN is a fault, too
            faults.append(f"{image}: the embedding has length {np.sqrt(mine @ mine):.6f}, not 1")
        else:
            cosines.append((reference.cosine(mine, logits), image))
            pairs.append((mine, logits))

    for fault in faults:
        print(fault, file=sys.stderr)
    if not cosines:
        return 1
    cosines.sort()
    mean = sum(c for c, _ in cosines) / len(cosines)
    least = cosines[0][0]
    own, others = (nearest(np.array(vectors)) for vectors in zip(*pairs))
    overlap = sum(len(a & b) for a, b in zip(own, others)) / (4 * len(pairs))
    print(f"{len(cosines)} of {len(images)} photographs: cosine min 1 - {1 - least:.0e}, mean 1 - {1 - mean:.0e} "
          f"(at least {LEAST}), {overlap:.4f} of the nearest 4 in common (at least {LEAST_OVERLAP})")
    for value, image in cosines[:5]:
        print(f"  1 - {1 - value:.1e}  {os.path.relpath(image, assets)}")
    return 0 if not faults and least >= LEAST and overlap >= LEAST_OVERLAP else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except reference.Missing as error:
        sys.exit(f"compare_embed: {error}")
