#!/usr/bin/python3
"""Learned heads against numpy, on photos of Caltech-101: index-builder learns a head from some of them, numpy learns it
from the features that `index-builder embed --head features` gives, by other steps (eigenvectors for whitening, two
passes), and both must give the photos the same cosines.

    learned_heads.py BUILDER MODEL CALTECH     CALTECH: 101_ObjectCategories
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True
import read_bundle  # noqa: E402

LABELS, EACH = 40, 15  # labels, and photos of each
COSINES = 2e-6  # how far cosines may be apart: heads are stored in f32 here


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def prepared(features):
    return np.hstack([unit(np.sqrt(features[:, :512])), unit(np.sqrt(features[:, 512:]))])


def whitened(x, y, shrinkage):
    """Mean, and a matrix by which the covariance within labels, shrunk, becomes the identity."""
    centred = np.concatenate([x[y == label] - x[y == label].mean(0) for label in np.unique(y)])
    within = centred.T @ centred / len(x)
    within = (1 - shrinkage) * within + shrinkage * np.trace(within) / len(within) * np.eye(len(within))
    values, vectors = np.linalg.eigh(within)
    return x.mean(0), vectors / np.sqrt(values)


def leading(matrix, count):
    values, vectors = np.linalg.eigh(matrix)
    order = np.argsort(-values)[:count]
    return values[order], vectors[:, order]


def lda(x, y, dim):
    mean, white = whitened(x, y, 0.03)
    means = np.array([x[y == label].mean(0) for label in np.unique(y)])
    between = (means - mean) @ white
    return mean, white @ leading(between.T @ between, min(dim, len(means) - 1))[1]


def discriminant(x, y, dim):
    mean, white = whitened(x, y, 0.1)
    spread = (x - mean) @ white
    values, vectors = leading(spread.T @ spread / len(x), dim)
    between = np.maximum(values - 1, 0)
    return mean, white @ vectors * np.sqrt((between + 1e-9) / (between + 0.1))


def pca(x, _, dim):
    weights = np.where(np.arange(768) < 512, 1, 0.5)
    mean = x.sum(0) / (len(x) + 64)
    spread = (x - mean) * weights
    covariance = spread.T @ spread / len(x)
    values, vectors = leading(covariance, dim)
    values = np.maximum(values, 0.01 * np.trace(covariance) / len(covariance))
    return mean, weights[:, None] * vectors * values ** -0.125


HEADS = [("discriminant:256", discriminant, 256), ("lda", lda, 768), ("lda:20", lda, 20), ("pca:100", pca, 100)]


def choose(caltech, folder):
    """Links to the photos, in a folder of their own. Their paths in byte order."""
    paths = []
    for label in sorted(name for name in os.listdir(caltech) if name != "BACKGROUND_Google")[:LABELS]:
        os.mkdir(os.path.join(folder, label))
        for name in sorted(os.listdir(os.path.join(caltech, label)))[:EACH]:
            paths.append(f"{label}/{name}")
            os.symlink(os.path.join(caltech, paths[-1]), os.path.join(folder, paths[-1]))
    return sorted(paths, key=str.encode)


def features_of(builder, model, folder, paths):
    lines = subprocess.run([builder, "embed", "--model", model, "--head", "features", *paths], cwd=folder,
                           stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    return np.array([json.loads(line)["embedding"] for line in lines])


def head_of(bundle):
    check = read_bundle.Checks()
    m = read_bundle.read_manifest(bundle, check)
    files = read_bundle.read_files(bundle, m, check)
    return read_bundle.read_rows(files[m["head"]["file"]], b"HBHD", m["dim"], 769, m["storage"], check).astype("f8")


def main():
    builder, model, caltech = map(os.path.abspath, sys.argv[1:])
    good = True
    with tempfile.TemporaryDirectory() as folder:
        images, bundle = os.path.join(folder, "images"), os.path.join(folder, "bundle")
        os.mkdir(images)
        paths = choose(caltech, images)
        features = features_of(builder, model, images, paths)
        x = prepared(features)
        y = np.unique([path.split("/")[0] for path in paths], return_inverse=True)[1]
        for name, learn, dim in HEADS:
            subprocess.run([builder, "build", "--images", images, "--model", model, "--out", bundle, "--head", name,
                            "--storage", "f32", "--fresh"], stdout=subprocess.PIPE, check=True)
            rows = head_of(bundle)
            mean, matrix = learn(x, y, dim)
            own, expected = unit(x @ rows[:, :768].T + rows[:, 768]), unit((x - mean) @ matrix)
            off = abs(own @ own.T - expected @ expected.T).max()
            fine = off <= COSINES and len(rows) <= dim
            good = good and fine
            print(f"{'ok  ' if fine else 'FAIL'} {name}: {len(rows)} numbers, cosines of {len(x)} photos differ by up to "
                  f"{off:.1e}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
