#!/usr/bin/python3
"""What the int8 model costs, over all images of Caltech-101: bundles of logits by the int8 and by the f32 model are
compared vector by vector and answer by answer. The site's bundle (int8 model, default head and storage) must be better.

    precision.py BUILDER SITE_BUNDLE I8_LOGITS F32_LOGITS
"""
import sys
from pathlib import Path

import numpy as np

import read_bundle
from quality import COUNT, evaluate

# Of weights of 12 levels, measured: 0.979, and 0.007 less; logits suffer most, heads that are learned from labels by 0.003
# at most.
MEAN_COSINE, PRECISION = 0.97, 0.01
LEARNED = 0.1  # by how much the default head is better at least; held_out.py measures it without flattery


def vectors_by_path(folder):
    """All vectors of a bundle in byte order of their paths."""
    check = read_bundle.Checks()
    m = read_bundle.read_manifest(folder, check)
    files = read_bundle.read_files(folder, m, check)
    lists = [read_bundle.read_list(files[entry["file"]], entry, i, m, check) for i, entry in enumerate(m["lists"])]
    paths = np.concatenate([columns["paths"] for columns in lists])
    order = np.argsort(paths)
    return paths[order], np.concatenate([columns["vectors"] for columns in lists])[order]


def main():
    builder, site, i8, f32 = sys.argv[1:]
    (i8_paths, i8_vectors), (f32_paths, f32_vectors) = vectors_by_path(Path(i8)), vectors_by_path(Path(f32))
    cosines = np.einsum("ij,ij->i", i8_vectors.astype("f8"), f32_vectors.astype("f8"))
    own, of_site = evaluate(builder, "--index", i8, "--against", f32), evaluate(builder, "--index", site, "--against", f32)
    logits = evaluate(builder, "--index", f32)
    usual = next(r for r in of_site["recall"] if r["nprobe"] == of_site["nprobe"])
    checks = [
        ("the same images", len(cosines), (i8_paths == f32_paths).all() and len(cosines) == COUNT),
        ("mean cosine of int8 with f32 logits", cosines.mean(), cosines.mean() >= MEAN_COSINE),
        ("precision@4, int8 logits", own["precision"], abs(own["precision"] - logits["precision"]) <= PRECISION),
        ("precision@4, the site's bundle, whose head has seen the labels", of_site["precision"],
         of_site["precision"] >= logits["precision"] + LEARNED),
        ("recall@4 of the site's bundle at its default nprobe", usual["recall"], usual["recall"] >= 0.99),
    ]
    for name, value, good in checks:
        print(f"{'ok  ' if good else 'FAIL'} {name}: {value}")
    print(f"     precision@4, f32 logits: {logits['precision']:.4f}; the least cosine {cosines.min():.4f}")
    print(f"     of the top 4 of exact f32 logits, int8 logits have {own['overlap']:.4f}")
    return 0 if all(good for _, _, good in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
