"""The picture that the corpus shows in every form: a drawing with enough in it that an embedding tells it from another, and
with no symmetry that would hide a turn or a flip."""
import io
import os

import numpy
from PIL import Image

# Of other sizes, as fuzzers want them, the right answers are not right.
WIDTH, HEIGHT = map(int, os.environ.get("CORPUS_SIZE", "320x240").split("x"))


def shade(across, down, angle, period):
    return 0.5 + 0.5 * numpy.sin((across * numpy.cos(angle) + down * numpy.sin(angle)) * 2 * numpy.pi / period)


def scene(width=WIDTH, height=HEIGHT, scale=1.0):
    """RGB, [height][width][3]: sky, hill, sun, house and a tree, in soft shades, as a photograph has them."""
    down, across = numpy.mgrid[0:height, 0:width].astype(float)
    x, y = across / scale * 320 / width, down / scale * 240 / height
    picture = numpy.empty((height, width, 3))
    picture[...] = numpy.stack([90 + 0.35 * y, 140 + 0.3 * y, 225 - 0.15 * x], axis=-1)

    def paint(where, colour, soft=1.5):
        cover = numpy.clip(where / soft + 0.5, 0, 1)[..., None]
        picture[...] = picture * (1 - cover) + numpy.asarray(colour, float) * cover

    paint(34 - numpy.hypot(x - 60, y - 52), (250, 215, 70))
    paint(y - 150 - 22 * numpy.sin(x / 47), (70, 130, 60))
    picture *= (0.9 + 0.1 * shade(x, y, 0.7, 60))[..., None]
    paint(numpy.minimum(44 - abs(x - 205), 30 - abs(y - 158)), (190, 90, 70))
    paint(numpy.minimum(y - 92 - 0.75 * abs(x - 205), 128 - y), (110, 50, 45))
    paint(numpy.minimum(8 - abs(x - 185), 9 - abs(y - 152)), (250, 240, 180))
    paint(numpy.minimum(9 - abs(x - 222), 19 - abs(y - 169)), (70, 45, 35))
    paint(numpy.minimum(7 - abs(x - 285), 36 - abs(y - 160)), (85, 60, 40))
    paint(27 - numpy.hypot(x - 285, (y - 110) * 0.8), (40, 95, 45), 4)
    return numpy.clip(picture + 0.5, 0, 255).astype("uint8")


def image(rgb):
    return Image.fromarray(rgb)


def encode(picture, form, **options):
    out = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else image(picture)).save(out, form, **options)
    return out.getvalue()


# The orientations of EXIF: what must be done with the stored picture to show it, and its inverse.
SHOW = {
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2), 6: lambda a: numpy.rot90(a, -1), 7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: numpy.rot90(a),
}
STORE = {**SHOW, 6: SHOW[8], 8: SHOW[6]}


def stored(rgb, orientation):
    return numpy.ascontiguousarray(STORE[orientation](rgb))


def over_white(rgb, alpha):
    """RGB laid over white with alpha, [height][width], rounded."""
    share = alpha[..., None].astype(float) / 255
    return (rgb * share + 255 * (1 - share) + 0.5).astype("uint8")


def from_row(rgb, row, shade=255):
    """Without what comes from this row on."""
    out = rgb.copy()
    out[row:] = shade
    return out


def exif(order, orientation, kind=3, count=1, offset=8):
    """A TIFF structure with one entry, the orientation."""
    e = "little" if order == b"II" else "big"
    short = lambda n: n.to_bytes(2, e)
    long = lambda n: n.to_bytes(4, e)
    value = short(orientation) + bytes(2) if kind == 3 else long(orientation)
    entry = short(0x112) + short(kind) + long(count) + value
    return order + short(42) + long(offset) + bytes(offset - 8) + short(1) + entry + long(0)
