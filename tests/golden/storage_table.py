#!/usr/bin/python3
"""What head and storage cost and lose: builds a bundle of the same images for each pair and prints a Markdown table.

    storage_table.py BUILDER LOGITS_BUNDLE WORKDIR [SAMPLE]

LOGITS_BUNDLE has head logits and storage f32. No image is embedded again: all heads are linear maps of the same
features, `exact` keeps every cosine of `logits`, and `svd:D` is its projection on the leading D directions. So their
vectors are computed here from those of LOGITS_BUNDLE, up to the rotation, which is another random one, and given to
`build --vectors`. Such a bundle carries no head; what it would add is in a column of its own. By hand, not in test.sh:
some 20 minutes for Caltech-101 on two processors, with SAMPLE = 2000 queries a quarter of that.
"""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

import read_bundle

HEADS = [("logits", 1000), ("exact", 513), ("svd:128", 128), ("svd:192", 192), ("svd:256", 256), ("svd:320", 320)]
STORAGES = {"f32": 4, "f16": 2, "i8": 1}  # bytes of a number
K = 4


def aligned(size):
    return (size + 15) // 16 * 16


def read_vectors(folder):
    """Vectors in byte order of their paths, and the lines of an --ids file."""
    check = read_bundle.Checks()
    m = read_bundle.read_manifest(folder, check)
    if (m["storage"], m["head"]["kind"]) != ("f32", "logits"):
        sys.exit(f"{folder} has head {m['head']['kind']} and storage {m['storage']}, not logits and f32")
    files = read_bundle.read_files(folder, m, check)
    lists = [read_bundle.read_list(files[entry["file"]], entry, i, m, check) for i, entry in enumerate(m["lists"])]
    paths, labels, vectors = (np.concatenate([columns[name] for columns in lists])
                              for name in ("paths", "labels", "vectors"))
    order = np.argsort(paths)
    return vectors[order], [f"{paths[i].decode()}\t{m['labels'][labels[i]]}\n" for i in order]


def project(logits, dim):
    """On the `dim` leading directions, rotated at random so that no number is larger than the others."""
    moment = logits.T.astype(np.float64) @ logits
    directions = np.linalg.eigh(moment)[1][:, ::-1][:, :dim]
    rotation = np.linalg.qr(np.random.default_rng(513).standard_normal((dim, dim)))[0]
    vectors = logits @ (directions @ rotation)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def head_bytes(head, dim, storage):
    if head == "logits":
        return 0  # the model's own
    return 16 + aligned(dim * read_bundle.FEATURES * STORAGES[storage]) + (4 * dim if storage == "i8" else 0)


def run(*arguments):
    return subprocess.run(arguments, stdout=subprocess.PIPE, check=True, text=True).stdout


def measure(builder, vectors, ids, storage, bundle, logits_bundle, sample):
    run(builder, "build", "--fresh", "--vectors", vectors, "--ids", ids, "--storage", storage, "--out", bundle)
    found = run(builder, "eval", "--json", "--k", str(K), "--index", bundle, "--against", logits_bundle,
                *(["--sample", sample] if sample else []))
    return json.loads(found.splitlines()[0])


def row(head, dim, storage, bundle, e):
    own = head_bytes(head, dim, storage)
    whole = sum(file.stat().st_size for file in bundle.iterdir())
    usual = next(r for r in e["recall"] if r["nprobe"] == e["nprobe"])
    cold = e["needed_bytes"] + usual["bytes"]
    return (f"| {head} | {storage} | {whole / 1e6:.2f} | {own / 1e3:.0f} | {cold / 1e3:.0f} | {e['overlap']:.4f} | "
            f"{e['precision']:.4f} | {e['nprobe']} | {usual['recall']:.4f} | {usual['recall_against']:.4f} |")


def main():
    builder, logits_bundle, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    sample = sys.argv[4] if len(sys.argv) > 4 else None
    work.mkdir(parents=True, exist_ok=True)
    logits, lines = read_vectors(logits_bundle)
    ids = work / "ids.tsv"
    ids.write_text("".join(lines))
    print(f"| head | storage | MB without head | head, kB | cold query, kB | overlap@{K} | precision@{K} | nprobe | "
          f"recall@{K} | recall@{K} of f32 logits |\n|---|---|---|---|---|---|---|---|---|---|")
    for head, dim in HEADS:
        vectors = work / f"{head.replace(':', '')}.npy"
        np.save(vectors, (logits if head == "logits" else project(logits, dim)).astype("<f4"))
        for storage in STORAGES:
            bundle = work / f"{vectors.stem}-{storage}"
            e = measure(builder, vectors, ids, storage, bundle, logits_bundle, sample)
            print(row(head, dim, storage, bundle, e), flush=True)
    print("\nA cold query fetches index.json, centroids and lists; the head comes once more. Overlap: the share of the "
          f"top {K} of exact search in f32 logits that exact search in this bundle has.")


if __name__ == "__main__":
    main()
