#!/usr/bin/python3
"""Holds a search against the result list that the original HeyBagh printed in its notebook (golden/notebook.json):
the first six images in the same order, each score within 0.03. The original used the published weights and Pillow;
the development weights are a close reconstruction, hence the tolerance and the six of ten.

    notebook.py BUILDER MODEL BUNDLE IMAGES GOLDEN
"""
import json
import subprocess
import sys

FIRST = 6
TOLERANCE = 0.03


def main():
    builder, model, bundle, images, golden = sys.argv[1:]
    with open(f"{golden}/notebook.json", encoding="utf-8") as file:
        notebook = json.load(file)
    command = [builder, "search", "--json", "--exact", "--k", str(FIRST), "--model", model, "--index", bundle,
               f"{images}/{notebook['query']}"]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["results"]
    failed = len(found) != FIRST
    for (path, score), result in zip(notebook["results"], found):
        good = result["path"] == path and abs(result["score"] - score) <= TOLERANCE
        failed |= not good
        print(f"{'ok  ' if good else 'FAIL'} {path:32} notebook {score:.4f}  here {result['score']:.4f} {result['path']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
