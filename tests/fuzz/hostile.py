#!/usr/bin/env python3
"""hostile.py BUILDER MODEL DIR: makes some 2,000 hostile pictures in DIR and lets `index-builder embed` and `build` read
them. No file may end the program by a signal, take long, or be refused without exactly one sentence that names it.
hostile.py --files DIR only makes them."""
import io
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import zlib

import seeds
from PIL import Image

SECONDS = 20  # of a processor's time, for any one file
GROUP = 25  # files named in one call


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, bits, colour, data, interlace=0):
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def bmp(width, height, bits=24, header=40):
    return b"BM" + struct.pack("<IIIIiiHHIIIIII", 60, 0, 54, header, width, height, 1, bits, 0, 0, 0, 0, 0, 0) + bytes(6)


def whole(name):
    """Right files, which are then damaged."""
    picture = seeds.pattern(180, 140, "RGB")
    options = {"baseline.jpg": {}, "progressive.jpg": {"progressive": True}, "restart.jpg": {"restart_marker_blocks": 3}}
    if name in options:
        return seeds.encoded(picture, "JPEG", quality=97, subsampling=0, **options[name])
    if name == "interlaced.png":
        return seeds.interlaced(160, 120)
    mode = {"palette.gif": "P", "grey.ppm": "L"}.get(name, "RGB")
    form = {"png": "PNG", "gif": "GIF", "bmp": "BMP", "ppm": "PPM"}[name[-3:]]
    return seeds.encoded(picture.resize((90, 70)).convert(mode), form)


WHOLE = ("baseline.jpg", "progressive.jpg", "restart.jpg", "interlaced.png", "colour.png", "palette.gif", "colour.bmp",
         "grey.ppm")


def truncated():
    for name in WHOLE:
        content = whole(name)
        for size in range(0, len(content), 1024):
            yield f"cut-{size // 1024}k-{name}", content[:size]
        yield f"cut-last-{name}", content[:-1]


def flipped():
    for number, name in enumerate(WHOLE):
        content = whole(name)
        for turn in range(14):
            changed = bytearray(content)
            for i in range(1 + turn):
                place = (turn * 7919 + i * 104729 + number * 31) % (len(content) if turn % 2 else min(700, len(content)))
                changed[place] ^= 1 << (turn + i) % 8
            yield f"flip-{turn}-{name}", bytes(changed)


def absurd():
    """Sizes that would take gigabytes, or the first of the refused ones."""
    empty = chunk(b"IDAT", b"")
    for side in (0, 16384, 17000, 65535, 1 << 24, (1 << 31) - 1, (1 << 32) - 1):
        yield f"side-{side}.png", png(side, side, 8, 6, empty)
        yield f"wide-{side}.png", png(side, 1, 16, 6, empty)
    zeros = zlib.compress(bytes(40_000_000), 9)
    yield "claims-a-gigabyte.png", png(16384, 16384, 8, 6, chunk(b"IDAT", zeros))
    yield "goes-on.png", png(32, 32, 8, 2, chunk(b"IDAT", zlib.compress(bytes(400_000_000), 9)))
    yield "chunk-of-a-gigabyte.png", png(32, 32, 8, 2, struct.pack(">I", 1 << 30) + b"IDAT")
    for width, height in ((16384, 16384), (16384, -16384), (1 << 30, 1), (-5, 5), (5, -(1 << 31)), (2147483647,) * 2, (0, 0)):
        for bits in (1, 24, 32, 0, 65535):
            yield f"claims-{width}x{height}-{bits}.bmp", bmp(width, height, bits)
    for size in (b"16384 16384", b"99999 99999", b"4294967296 1", b"0 0", b"-1 -1", b"1 99999999"):
        yield f"claims-{size.decode().replace(' ', 'x')}.ppm", b"P6 " + size + b" 255\n" + bytes(100)
    for width, height in ((16384, 16384), (65535, 65535), (0, 0), (65535, 1)):
        yield f"claims-{width}x{height}.gif", b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(40)
    for kind, name in ((b"\xff\xc0", "baseline.jpg"), (b"\xff\xc2", "progressive.jpg")):
        content = whole(name)
        at = content.index(kind) + 5
        for height, width in ((16384, 16384), (65535, 65535), (65535, 1), (0, 100), (4096, 4096)):
            yield f"claims-{width}x{height}-{name}", content[:at] + struct.pack(">HH", height, width) + content[at + 4:]
    yield "narrow.png", seeds.encoded(Image.new("L", (1, 200_000)), "PNG")


def kinds():
    """What is right but unusual: these may be read."""
    picture = seeds.pattern(64, 48, "RGB")
    for mode in ("CMYK", "L"):
        yield f"{mode}.jpg", seeds.encoded(picture.convert(mode), "JPEG")
        yield f"{mode}-progressive.jpg", seeds.encoded(picture.convert(mode), "JPEG", progressive=True)
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        image = Image.new("I;16", (40, 30), 40000) if mode == "I;16" else picture.convert("RGBA").convert(mode)
        yield f"{mode.replace(';', '-')}.png", seeds.encoded(image, "PNG")
    rows = b"".join(b"\0" + bytes(8 * 20) for _ in range(10))
    yield "rgba-16.png", png(20, 10, 16, 6, chunk(b"IDAT", zlib.compress(rows)))
    frames = [picture.rotate(90 * turn).convert("P") for turn in range(4)]
    for form in ("GIF", "PNG", "WEBP"):
        yield f"animated.{form.lower()}", seeds.encoded(frames[0], form, save_all=True, append_images=frames[1:])
    yield "picture.tif", seeds.encoded(picture, "TIFF")
    for name, content in (("empty", b""), ("text", b"Dear diary\n"), ("zeros", bytes(3000)), ("mark", b"\xff\xd8\xff")):
        yield name + ".jpg", content


def exif_segments():
    picture = seeds.encoded(seeds.pattern(40, 30, "RGB"), "JPEG")

    def with_segment(content, length=None):
        return picture[:2] + b"\xff\xe1" + struct.pack(">H", length or len(content) + 2) + content + picture[2:]

    for order in (b"II", b"MM", b"XX"):
        for orientation in range(11):
            yield f"exif-{order.decode()}-{orientation}.jpg", with_segment(seeds.exif(order, orientation))
    right = seeds.exif(b"II", 6)
    for size in range(0, len(right), 3):
        yield f"exif-cut-{size}.jpg", with_segment(right[:size])
    for at in range(6, len(right)):
        yield f"exif-ff-{at}.jpg", with_segment(right[:at] + b"\xff" + right[at + 1:])
    for length in (1, 3, 65535):
        yield f"exif-length-{length}.jpg", with_segment(right, length)


def odd():
    """The pictures of tests/corpus, as they are, cut and changed."""
    for number, (name, content) in enumerate(seeds.corpus("64x48")):
        yield "corpus-" + name, content
        if len(content) < 20:
            continue
        yield "cut-" + name, content[:len(content) * (1 + number % 9) // 10]
        for turn in range(2):
            changed = bytearray(content)
            for i in range(1 + 3 * turn):
                place = (number * 7919 + i * 104729 + turn * 31) % (len(content) if turn else min(400, len(content)))
                changed[place] ^= 1 << (number + i) % 8
            yield f"flip-{turn}-{name}", bytes(changed)


def write_all(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    paths = []
    for make in (truncated, flipped, absurd, kinds, exif_segments, odd):
        for name, content in make():
            paths.append(os.path.join(folder, name))
            with open(paths[-1], "xb") as file:  # fails where two have one name
                file.write(content)
    assert len(paths) >= 1900
    return paths


def run(command):
    """The result, and the seconds of processors that it took, its own processes included."""
    before = os.times()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    after = os.times()
    return done, after.children_user + after.children_system - before.children_user - before.children_system


def check_embed(builder, model, paths):
    """Each file is either embedded or refused in one sentence. Returns how many were refused."""
    done, seconds = run([builder, "embed", "--model", model, *paths])
    assert done.returncode in (0, 1), f"{paths[0]} and those behind it: exit code {done.returncode}\n{done.stderr}"
    sentences = done.stderr.splitlines()
    for path in paths:
        told = [line for line in sentences if line.startswith(f"index-builder: {path}: ")]
        embedded = f'{{"image":"{path}",' in done.stdout
        assert len(told) + embedded == 1, f"{path}: {'embedded' if embedded else 'not embedded'}, told: {told}"
        for line in told:
            assert re.fullmatch(r"[a-z].{20,390}", line.split(": ", 2)[2]) and "decoder" not in line, line
    assert len(sentences) + len(done.stdout.splitlines()) == len(paths), done.stderr
    if seconds > SECONDS and len(paths) > 1:
        return sum(check_embed(builder, model, [path]) for path in paths)
    assert seconds <= SECONDS, f"{paths[0]} took {seconds:.1f} s"
    return len(sentences)


def check_build(builder, model, folder):
    """A build leaves out what cannot be read, and has the rest."""
    out = folder + ".bundle"
    done, _ = run([builder, "build", "--model", model, "--images", folder, "--out", out, "--fresh", "--json",
                   "--thumbs", "64"])
    assert done.returncode == 0, done.stderr
    shutil.rmtree(out)


def main():
    if sys.argv[1] == "--files":
        write_all(sys.argv[2])
        return
    builder, model, folder = sys.argv[1:]
    started = time.monotonic()
    paths = write_all(folder)
    refused = sum(check_embed(builder, model, paths[i:i + GROUP]) for i in range(0, len(paths), GROUP))
    check_build(builder, model, folder)
    print(f"{len(paths)} hostile pictures, {refused} of them refused, in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
