"""check_folds.py BUILDER MODEL IMAGES FOLDS HEAD: stdin must be what `eval --folds --json` prints of IMAGES, which are so few
that there is one list: the figures of bundles that `build` makes of the folds, and of half of the labels, and `search`
searches; exit 1 if not."""
import collections
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

builder, model, images, folds, head = sys.argv[1:]
folds = int(folds)
told = json.loads(sys.stdin.readline())["folds"]
paths = sorted((os.path.relpath(os.path.join(folder, name), images) for folder, _, names in os.walk(images)
                for name in names), key=os.fsencode)


def label(path):
    return path.split("/")[0] if "/" in path else ""


def content(path):
    with open(os.path.join(images, path), "rb") as file:
        return int(hashlib.sha256(file.read()).hexdigest()[:16], 16)


def run(*arguments):
    return subprocess.run([builder, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout


def build(work, chosen, out, *options):
    folder = os.path.join(work, "images")
    shutil.rmtree(folder, ignore_errors=True)
    for path in chosen:
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        shutil.copy(os.path.join(images, path), os.path.join(folder, path))
    run("build", "--images", folder, "--model", model, "--out", out, *options)


def hits(bundle, asked, itself):
    """The share of right labels among four results, for each image; `itself`: it is in the bundle and left out."""
    lines = run("search", "--index", bundle, "--model", model, "--k", str(4 + itself), "--json",
                *(os.path.join(images, path) for path in asked)).splitlines()
    found = {}
    for path, line in zip(asked, lines):
        others = [result["label"] for result in json.loads(line)["results"] if not itself or result["path"] != path][:4]
        found[path] = others.count(label(path)) / 4
    return found


def check(what, figures, found):
    by_label = collections.defaultdict(list)
    for path, share in found.items():
        by_label[label(path)].append(share)
    expected = {"images": len(found), "classes": len(by_label), "precision": sum(found.values()) / len(found),
                "class_precision": sum(sum(shares) / len(shares) for shares in by_label.values()) / len(by_label)}
    off = [name for name in expected if abs(figures[name] - expected[name]) > 1e-5]
    if off:
        sys.exit(f"  check_folds {what}: {figures}, not {expected}")


with tempfile.TemporaryDirectory() as work:
    seen, unseen = {}, {}
    for fold in range(folds):
        asked = [path for path in paths if content(path) % folds == fold]
        if not any(label(path) for path in asked):
            continue
        build(work, [path for path in paths if path not in asked], os.path.join(work, "bundle"), "--head", head, "--fresh")
        seen.update(hits(os.path.join(work, "bundle"), [path for path in asked if label(path)], False))
    check("seen", told["seen"], seen)
    count = collections.Counter(map(label, paths))
    repeated = [name for name in dict.fromkeys(map(label, paths)) if name and count[name] > 1]
    for half in range(2):
        learned, asked = ([path for path in paths if label(path) in repeated[side::2]] for side in (half, 1 - half))
        build(work, learned, os.path.join(work, "half"), "--head", head, "--fresh")
        build(work, asked, os.path.join(work, "half"), "--nlist", "1", "--seed", "9")  # it keeps its head
        unseen.update(hits(os.path.join(work, "half"), asked, True))
    check("unseen", told["unseen"], unseen)
