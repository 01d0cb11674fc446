#!/usr/bin/env python3
"""seeds.py DIR: writes the fuzz targets' first inputs, small files that are right, into DIR/TARGET. All are made here,
none is a photograph; the same on every run."""
import io
import json
import os
import struct
import sys

import numpy
from PIL import Image

TARGETS = {}


def target(make):
    TARGETS[make.__name__] = make
    return make


def le(form, *numbers):
    return struct.pack("<" + form, *numbers)


# ---- Pictures ----


def pattern(width, height, mode):
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [(10 * x) % 256, (15 * y) % 256, (255 - 10 * x) % 256, (40 * (x + y)) % 256]
    rgba = Image.fromarray(numpy.dstack(planes).astype("uint8"), "RGBA")
    return rgba.convert("RGB").convert(mode) if mode != "RGBA" else rgba


def encoded(picture, form, **options):
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def exif(order, orientation, offset=8):
    """An EXIF segment's content: one entry, the orientation."""
    form = ">" if order == b"MM" else "<"
    tiff = order + struct.pack(form + "HI", 42, offset) + bytes(offset - 8)
    tiff += struct.pack(form + "HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"Exif\0\0" + tiff


def interlaced(width, height):
    """A grey PNG in Adam7, which Pillow cannot write."""
    import zlib
    rows = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        columns = range(x0, width, dx)
        for y in range(y0, height, dy):
            rows += bytes([0] + [(9 * x + 17 * y) % 256 for x in columns]) if columns else b""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pictures():
    small, rgba = pattern(24, 16, "RGB"), pattern(13, 9, "RGBA")
    for subsampling in (0, 1, 2):
        yield encoded(small, "JPEG", quality=60, subsampling=subsampling)
    yield encoded(small, "JPEG", quality=60, progressive=True)
    yield encoded(small, "JPEG", quality=60, exif=exif(b"MM", 6))
    yield encoded(small, "JPEG", quality=60, exif=exif(b"II", 3, 20))
    yield encoded(small.convert("CMYK"), "JPEG", quality=60)
    yield encoded(small.convert("L"), "JPEG", quality=60)
    yield encoded(small, "JPEG", quality=60, restart_marker_blocks=1)
    for mode in ("RGB", "L", "LA", "P", "1"):
        yield encoded(pattern(13, 9, "RGB").convert(mode), "PNG")
    png = encoded(rgba, "PNG")
    yield png
    yield png[:33] + b"\0\0\0\0IDAT\x35\xaf\x06\x1e" + png[33:]  # the first piece of data is empty
    yield encoded(Image.fromarray(numpy.arange(117, dtype="uint16").reshape(9, 13) * 500), "PNG")
    yield interlaced(13, 9)
    frames = [pattern(20, 10, "P"), pattern(20, 10, "P").rotate(180)]
    yield encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield encoded(frames[0], "GIF", transparency=3)
    for mode in ("RGB", "L", "P", "1"):
        yield encoded(pattern(9, 5, mode), "BMP")
    yield encoded(pattern(9, 5, "RGBA"), "BMP")
    yield encoded(pattern(9, 5, "RGB"), "PPM")
    yield encoded(pattern(9, 5, "L"), "PPM")


def corpus(size):
    """The pictures of tests/corpus, so small: (name, content)."""
    os.environ["CORPUS_SIZE"] = size
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../corpus"))
    import make
    return make.pictures()


@target
def image():
    yield from pictures()
    for _, content in corpus("40x32"):
        yield content


@target
def exif_segments():
    for order in (b"II", b"MM"):
        for orientation in (1, 6, 9):
            content = exif(order, orientation, 8 + 4 * orientation)
            yield b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
    yield b"\xff\xe0\0\4ab\xff\xff\xe1" + struct.pack(">H", 2 + len(exif(b"II", 8))) + exif(b"II", 8) + b"\xff\xda"


# ---- Weights ----


def safetensors(tensors, metadata=None):
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, dtype, shape, content in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    return le("Q", len(text)) + text + data


@target
def weight_files():
    row = numpy.linspace(-1, 1, 512, dtype="<f4").tobytes()
    yield safetensors([("weight", "F32", [1, 512], row)])
    yield safetensors([("weight", "F32", [2, 512], row + row), ("bias", "F32", [2], bytes(8))], {"made": "\u00e9\n"})
    for kind in ("f32", "f16", "i8", "i8-rans"):
        yield safetensors([("conv1.weight", "I8", [2, 2], b"abcd"), ("maps.zero", "I32", [1], bytes(4))],
                          {"kind": "heybagh-resnet18-" + kind, "id": "0" * 64})
    yield safetensors([("conv1.weight", "F16", [1, 1, 1, 2], bytes(4)), ("n", "I64", [], bytes(8)), ("", "BF16", [3], b"abcdef")])


def rans(codes):
    """A stream as src/model/rans.h describes it, of the counts of codes, whose number is a power of two up to 4096."""
    least, n = min(codes), max(codes) - min(codes) + 1
    frequency = [codes.count(least + c) * 4096 // len(codes) for c in range(n)]
    start = [sum(frequency[:c]) for c in range(n)]
    states, words = [1 << 16] * 8, []
    for i in reversed(range(len(codes))):
        c, x = codes[i] - least, states[i % 8]
        if x >= frequency[c] << 20:
            words.append(x & 0xffff)
            x >>= 16
        states[i % 8] = (x // frequency[c] << 12) + x % frequency[c] + start[c]
    return le("bB", least, n) + le(f"{n}H", *frequency) + le("8I", *states) + le(f"{len(words)}H", *reversed(words))


@target
def rans_streams():
    for count, most in ((16, 0), (64, 3), (1024, 5), (2048, 127)):
        codes = [max(-most, min(most, round(most * numpy.sin(i * i)))) for i in range(count)]
        yield le("H", count) + rans(codes)
        yield le("H", 65535) + le(f"{count}b", *codes)
    yield le("H", 3) + rans([-7, 7, 0, 0]) + bytes(2)


# ---- Bundles, as src/bundle/bundle.h describes them; the shape before them is tests/fuzz/bundle_parts.h's ----

STORAGES = ("f32", "f16", "i8")


def padded(content):
    return content + bytes(-len(content) % 16)


def rows(storage, dim, count):
    numbers = numpy.cos(numpy.arange(count * dim))
    if storage == 2:
        return padded((numbers * 127).astype("i1").tobytes()), numpy.full(count, 0.01, "<f4").tobytes()
    return padded(numbers.astype(("<f4", "<f2")[storage]).tobytes()), b""


def start(magic, first, second):
    return magic + le("III", 1, first, second)


def shape(storage, dim, counts, first_bytes=0):
    return le("BBBBH", storage, dim - 1, *counts, first_bytes)


def one_list(storage, dim, count, letter):
    codes, scales = rows(storage, dim, count)
    text = b"".join(bytes([letter + i, 0]) for i in range(count))
    columns = b"".join(le("Q", 7 * i) for i in range(count)) + scales
    columns += b"".join(le("I", letter + i) for i in range(count))
    columns += b"".join(le("I", i % 2) for i in range(count)) + b"".join(le("I", 2 * i) for i in range(count))
    return le("IIQ", count, len(text), 0) + codes + columns + text


@target
def lists():
    for storage in range(3):
        for counts in ((2, 3), (0, 1), (9, 0)):
            first = one_list(storage, 5, counts[0], 65)
            content = start(b"HBLS", 2, 5) + padded(first) + one_list(storage, 5, counts[1], 97)
            yield shape(storage, 5, counts, len(first)) + content


@target
def centroids():
    for storage in range(3):
        codes, scales = rows(storage, 7, 2)
        yield shape(storage, 7, (2, 3)) + start(b"HBCT", 2, 7) + codes + scales


@target
def head():
    for storage in range(3):
        for dim in (1, 2):
            codes, scales = rows(storage, 513, dim)
            yield shape(storage, dim, (2, 3)) + start(b"HBHD", dim, 513) + codes + scales


@target
def table():
    for files in (1, 2):
        content = bytes(range(32 * files))
        for l in range(2):
            content += le("III", l % files, len(one_list(0, 5, 2 + l, 65)), 2 + l)
        yield shape(0, 5, (2, 3)) + start(b"HBTB", files, 2) + content


def manifest_of(**changes):
    entry = {"bytes": 1000, "sha256": "0" * 64}
    members = {
        "format": "heybagh-index", "version": 1, "generator": "seeds", "metric": "COSINE", "storage": "f32", "dim": 4,
        "count": 5, "nlist": 2, "nprobe": 1, "seed": 1, "shard_bytes": 1, "image_url": "../{path}", "model": None,
        "trained": {"count": 5, "imbalance_thousandths": 1000}, "labels": ["", "b\u00e9\"c"], "head": {"kind": "none"},
        "centroids": {"file": 0}, "lists": [{"file": 1, "offset": 16, "bytes": 200, "count": 2},
                                           {"file": 1, "offset": 224, "bytes": 300, "count": 3}],
        "files": [{"name": "centroids-0.bin", **entry}, {"name": "lists-1.bin", **entry}],
    }
    members.update(changes)
    return json.dumps({k: v for k, v in members.items() if v is not ...}).encode()


@target
def manifest():
    entry = {"bytes": 1000, "sha256": "0" * 64}
    model = {"id": "0" * 64, "url": "../m", "bytes": 1}
    three = [{"name": name, **entry} for name in ("centroids.bin", "lists.bin", "other.bin")]
    yield manifest_of()
    yield manifest_of(storage="i8", thumb_url="{content}.jpg")
    yield manifest_of(model=model, head={"kind": "svd", "file": 2}, files=three)
    yield manifest_of(model=model, head={"kind": "logits"}, dim=1000, nlist=1, lists=[], storage="f16")
    yield manifest_of(lists=..., table={"file": 2}, files=three)


# ---- Numbers and calls: the targets read bytes as they like ----


@target
def kmeans():
    yield le("BBB", 4, 3, 0) + numpy.cos(numpy.arange(40)).astype("<f4").tobytes()
    yield le("BBB", 2, 5, 1) + bytes(range(15)) * 3
    yield le("BBB", 1, 39, 1) + bytes(60)
    yield le("BBB", 3, 9, 1) + bytes(5)


@target
def search():
    for storage in range(3):
        provide = b"".join(le("BB", 5, f) for f in range(8))
        yield le("B", storage) + provide + le("BBBB", 0, 0, 4, 2) + b"\1\3" + le("BB", 2, 1) + b"\1\3"
        yield le("B", storage) + le("BBBB", 0, 4, 9, 0) + b"\1" + provide + b"\1\3"
        yield le("B", storage) + provide + le("BBBBBB", 0, 8 + 32, 5, 1, 80, 1) + b"\1\3"


@target
def wasm_api():
    ready = b"\1\1" + b"\2\0\1" + b"\2\1\1" + b"\4"
    find = b"\x08\0\0\1\0\x05" + b"\x08\0\1" + b"\x08\0\3" + bytes(4)
    picture = encoded(pattern(9, 9, "L"), "PNG")
    cut = b"\x06\x40\x40\x80\x80\1" + le("H", len(picture)) + picture
    for kind in (0, 1):
        yield le("BB", kind, 1) + b"\1\1\2\0\1\2\1\1\4" + find + b"\5\3\0\1\7\0"
        yield le("BB", kind, 3) + cut + ready + b"\0\2ab\1" + cut + b"\x09\5"


# DIR/NAME is named like the target fuzz_NAME.
NAMES = {"exif_segments": "exif", "rans_streams": "rans", "weight_files": "safetensors"}


def main():
    for name, make in TARGETS.items():
        folder = os.path.join(sys.argv[1], NAMES.get(name, name))
        os.makedirs(folder, exist_ok=True)
        for number, content in enumerate(make()):
            with open(os.path.join(folder, f"seed-{number:03}"), "wb") as file:
                file.write(content)


if __name__ == "__main__":
    main()
