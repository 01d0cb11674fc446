#!/usr/bin/python3
"""What the reference makes of the pictures that pictures.json names, as files that the tests compare with.

    arrays.py [--assets FOLDER]     prints the folder of the files; computes them first if they are not there

They are computed once for the weights and pictures that are there, in half a minute, and kept in the cache, in
golden/NAME, where NAME is a SHA-256 of all that they depend on. Each use checks them; damaged ones are made again.

    golden.json    names the pictures, and file, type and shape of each array
    pixels.u8      of each picture in "stages": the crop, 224 x 224 x 3
    pooled.f32     the 512 features after global average pooling
    layer3.f32     the means of layer3's 256 channels
    logits.f32     the 1000 logits
    embedded.f32   of each picture in "embedded", and of the camera-size ones: the 1000 logits
    SHA256SUMS     of the files above
All numbers are little-endian.
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import numpy as np  # noqa: E402
import PIL  # noqa: E402

import reference  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CALTECH = os.path.join("caltech101", "101_ObjectCategories")
WEIGHTS = os.path.join("resnet18", "model.safetensors")


def listed():
    with open(os.path.join(HERE, "pictures.json"), encoding="utf-8") as file:
        return json.load(file)


def camera_photos(assets):
    """The large photographs, as paths in `assets`; they are not published with Caltech-101 and may be missing."""
    folder = os.path.join(assets, "photos")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [os.path.join("photos", name) for name in sorted(names) if name.endswith(".jpg")]


def chosen(assets):
    """-> "stages" and "embedded", as paths in `assets`"""
    lists = listed()
    stages, embedded = ([os.path.join(CALTECH, name) for name in lists[key]] for key in ("stages", "embedded"))
    return stages, embedded + camera_photos(assets)


def sha256_of(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise reference.Missing(f"{path}: {error.strerror}") from None


def fingerprint(assets, stages, embedded):
    """Changes whenever the arrays may change: with weights, pictures, the code and what decodes and multiplies."""
    parts = [f"numpy {np.__version__}", f"Pillow {PIL.__version__}"]
    parts += [sha256_of(os.path.join(HERE, name)) for name in ("reference.py", "arrays.py")]
    parts += [f"{name} {sha256_of(os.path.join(assets, name))}" for name in [WEIGHTS, *stages, *embedded]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def compute(assets, stages, embedded):
    """-> {file name: bytes}"""
    network = reference.ResNet18(os.path.join(assets, WEIGHTS))
    pixels = [reference.pixels(os.path.join(assets, name)) for name in stages]
    features = [network.features(crop) for crop in pixels]
    logits = [network(reference.pixels(os.path.join(assets, name)))[1] for name in embedded]
    arrays = {
        "pixels": ("pixels.u8", "u1", pixels),
        "pooled": ("pooled.f32", "<f4", [f[:512] for f in features]),
        "layer3": ("layer3.f32", "<f4", [f[512:] for f in features]),
        "logits": ("logits.f32", "<f4", [network.logits(f[:512]) for f in features]),
        "embedded_logits": ("embedded.f32", "<f4", logits),
    }
    about = {"images": [os.path.relpath(name, CALTECH) for name in stages], "embedded": embedded}
    files = {}
    for key, (file, dtype, values) in arrays.items():
        values = np.array(values, dtype)
        files[file] = values.tobytes()
        about[key] = {"file": file, "dtype": dtype, "shape": values.shape}
    files["golden.json"] = json.dumps(about, indent=1).encode()
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())]
    files["SHA256SUMS"] = "".join(sums).encode()
    return files


def is_whole(folder):
    try:
        with open(os.path.join(folder, "SHA256SUMS"), encoding="ascii") as file:
            sums = [line.split() for line in file]
        return len(sums) == 6 and all(sha256_of(os.path.join(folder, name)) == sha for sha, name in sums)
    except (OSError, ValueError, reference.Missing):
        return False


def write(folder, files):
    """All of them or none; another process may be at the same folder."""
    parent = os.path.dirname(folder)
    os.makedirs(parent, exist_ok=True)
    new = tempfile.mkdtemp(prefix="new-", dir=parent)
    for name, data in files.items():
        with open(os.path.join(new, name), "wb") as file:
            file.write(data)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        os.rename(new, folder)
    except OSError:  # the other process was faster
        shutil.rmtree(new)
        if not is_whole(folder):
            raise


def folder_of(assets, cache, pictures=None):
    """The folder of the arrays for `assets`; `pictures` is for tests: what chosen() would return."""
    stages, embedded = pictures or chosen(assets)
    folder = os.path.join(cache, "golden", fingerprint(assets, stages, embedded))
    if is_whole(folder):
        return folder
    if os.path.exists(folder):
        print(f"arrays: {folder} is damaged; making it again", file=sys.stderr)
    start = time.monotonic()
    count = len(stages) + len(embedded)
    print(f"arrays: the reference embeds {count} pictures, once for these weights ...", file=sys.stderr)
    write(folder, compute(assets, stages, embedded))
    print(f"arrays: done in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return folder


def read(folder):
    """-> golden.json as read, {key: array}"""
    try:
        with open(os.path.join(folder, "golden.json"), encoding="utf-8") as file:
            about = json.load(file)
    except OSError as error:
        raise reference.Missing(f"{folder}/golden.json: {error.strerror}") from None
    arrays = {}
    for key in ("pixels", "pooled", "layer3", "logits", "embedded_logits"):
        if key in about:
            values = np.fromfile(os.path.join(folder, about[key]["file"]), "u1" if key == "pixels" else "<f4")
            arrays[key] = values.reshape(about[key]["shape"])
    return about, arrays


def cache():
    """The scripts' cache, found as they find it."""
    command = ["bash", "-c", '. "$0/scripts/common.sh" && printf %s "$CACHE"', reference.ROOT]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--assets", help="default: what scripts/assets.sh finds")
    options = parser.parse_args()
    print(folder_of(options.assets or reference.assets(), cache()))


if __name__ == "__main__":
    try:
        main()
    except reference.Missing as error:
        sys.exit(f"arrays: {error}")
