#!/usr/bin/python3
"""Retrieval quality of the Caltech-101 bundles, as index-builder eval measures it over all images:
the default bundle (head exact) and one with head logits must reach the known figures, and agree with each other.

    quality.py BUILDER EXACT_BUNDLE LOGITS_BUNDLE
"""
import json
import subprocess
import sys

COUNT = 8677  # Caltech-101 without BACKGROUND_Google


def evaluate(builder, *arguments):
    done = subprocess.run([builder, "eval", "--json", *arguments], stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[0])


def main():
    builder, exact_bundle, logits_bundle = sys.argv[1:]
    exact = evaluate(builder, "--index", exact_bundle, "--against", logits_bundle)
    logits = evaluate(builder, "--index", logits_bundle)
    default = next(r for r in exact["recall"] if r["nprobe"] == exact["nprobe"])
    everything = exact["recall"][-1]
    checks = [
        ("images", exact["count"], exact["count"] == logits["count"] == COUNT),
        ("precision@4, logits, exact search", logits["precision"], abs(logits["precision"] - 0.8015) <= 0.003),
        ("precision@4, head exact", exact["precision"], abs(exact["precision"] - logits["precision"]) <= 0.001),
        ("the same top 4 with both heads", exact["same"], exact["same"] >= 0.999),
        (f"recall@4 at the default nprobe {exact['nprobe']}", default["recall"], default["recall"] >= 0.99),
        ("share scanned at the default", default["scanned"], default["scanned"] <= 0.10),
        ("recall@4 with all lists", everything["recall"], everything["recall"] == 1.0),
    ]
    for name, value, good in checks:
        print(f"{'ok  ' if good else 'FAIL'} {name}: {value}")
    print(f"     mAP {exact['map']:.4f}; a class: precision@4 {exact['class_precision']:.4f}, mAP {exact['class_map']:.4f}")
    return 0 if all(good for _, _, good in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
