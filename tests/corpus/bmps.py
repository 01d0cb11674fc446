"""BMPs of every header, depth and packing, right side up or not, with gaps and without what they should have."""
import struct

import numpy

from gifs import cube, greys, indices
from scene import HEIGHT, WIDTH, over_white, scene, from_row

RGB, RLE8, RLE4, BITFIELDS, JPEG, PNG, ALPHA_BITFIELDS = range(7)
RLE24 = 4  # of OS/2


def bmp(rows, bits, header=40, compression=RGB, palette=b"", masks=b"", gap=b"", colours=0, top_down=False, offset=None,
        width=WIDTH, height=HEIGHT):
    at = 14 + header + len(masks if header == 40 else b"") + len(palette) + len(gap)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, compression, len(rows),
                           2835, 2835, colours, 0) + masks
        if header < 40:
            info = info[:header]
        elif header != 40:
            info = info.ljust(header, b"\0")[:header]
    content = info + palette + gap + rows
    return b"BM" + struct.pack("<IHHI", 14 + len(content), 0, 0, at if offset is None else offset) + content


def padded(rows):
    """[height][bytes], each row to a multiple of four bytes, the bottom one first."""
    rows = numpy.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    return rows[::-1].tobytes()


def packed(pixels, bits):
    """Indices, several to a byte."""
    per_byte = 8 // bits
    pixels = numpy.pad(pixels, ((0, 0), (0, -pixels.shape[1] % per_byte))).reshape(len(pixels), -1, per_byte)
    out = numpy.zeros(pixels.shape[:2], "uint8")
    for i in range(per_byte):
        out |= pixels[..., i] << (8 - bits * (i + 1))
    return out


def entries(palette, size=4):
    """Blue, green, red, and with four bytes one without meaning."""
    out = numpy.zeros((len(palette), size), "uint8")
    out[:, :3] = palette[:, ::-1]
    return out.tobytes()


def words(rgb, fields, alpha=None):
    """Pixels of 16 or 32 bits: `fields` are (shift, bits) of red, green, blue, alpha. Also what they show."""
    value = numpy.zeros(rgb.shape[:2], "uint32")
    shown = numpy.zeros_like(rgb)
    planes = [rgb[..., 0], rgb[..., 1], rgb[..., 2]] + ([alpha] if alpha is not None else [])
    for c, ((shift, bits), plane) in enumerate(zip(fields, planes)):
        most = (1 << bits) - 1
        level = numpy.round(plane.astype(float) * most / 255).astype("uint32")
        value |= level << shift
        if c < 3:
            shown[..., c] = (level * 255 + most // 2) // most if bits <= 8 else level >> (bits - 8)
    return value, shown


def masks_of(fields):
    return b"".join(struct.pack("<I", ((1 << bits) - 1) << shift) for shift, bits in fields)


def runs(row, most=255):
    """(count, value) of the equal pixels of a row."""
    start = 0
    for x in range(1, len(row) + 1):
        if x == len(row) or row[x] != row[start] or x - start == most:
            yield x - start, row[start]
            start = x


def rle8(pixels, ends=True):
    out = bytearray()
    for row in pixels[::-1]:
        for count, value in runs(row):
            out += bytes((count, value))
        out += b"\0\0"
    return bytes(out) + (b"\0\1" if ends else b"")


def rle8_absolute(pixels):
    """All pixels as they are, in portions of up to 255."""
    out = bytearray()
    for row in pixels[::-1]:
        for x in range(0, len(row), 251):
            part = row[x:x + 251].tobytes()
            out += (bytes((0, len(part))) + part + bytes(len(part) % 2)) if len(part) > 2 else b"".join(bytes((1, v)) for v in part)
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def rle8_moves(pixels, background):
    """Pixels of this index are passed over."""
    out = bytearray()
    for row in pixels[::-1]:
        for count, value in runs(row):
            out += bytes((0, 2, count, 0)) if value == background else bytes((count, value))
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def rle4(pixels):
    out = bytearray()
    for row in pixels[::-1]:
        for count, value in runs(row, 254):
            out += bytes((count, value << 4 | value))
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def rle4_absolute(pixels):
    out = bytearray()
    for row in pixels[::-1]:
        for x in range(0, len(row), 240):
            part = row[x:x + 240]
            data = packed(part[None], 4)[0].tobytes()
            out += bytes((0, len(part))) + data + bytes(len(data) % 2)
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def rle24(rgb):
    out = bytearray()
    for row in rgb[::-1]:
        for count, value in runs([tuple(v) for v in row[:, ::-1].tolist()]):
            out += bytes((count, *value))
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def make_true_colour(add, rgb):
    height, width = rgb.shape[:2]
    bgr = rgb[..., ::-1].reshape(height, -1)
    rows = padded(bgr)
    add("24.bmp", bmp(rows, 24), rgb)
    add("24-top-down.bmp", bmp(padded(bgr[::-1]), 24, top_down=True), rgb)
    for header in (12, 16, 52, 56, 64, 108, 124):
        add(f"24-header-{header}.bmp", bmp(rows, 24, header), rgb)
    add("24-palette.bmp", bmp(rows, 24, palette=bytes(1024), colours=256), rgb)
    add("24-gap.bmp", bmp(rows, 24, gap=b"gap" * 33), rgb)
    add("24-no-offset.bmp", bmp(rows, 24, offset=0), rgb)
    add("24-bytes-behind.bmp", bmp(rows, 24) + b"ICC profile" * 50, rgb)
    add("24-last-padding-missing.bmp", bmp(padded(bgr[:, :-6]), 24, width=width - 2)[:-2], rgb[:, :-2])
    add("24-cut-9-of-10.bmp", bmp(rows, 24)[:54 + len(rows) * 9 // 10], from_row(rgb[::-1], height * 9 // 10)[::-1])
    add("24-cut-half.bmp", bmp(rows, 24)[:len(rows) // 2], refusal="less than three quarters")
    add("24-odd-width.bmp", bmp(padded(bgr[:, :-9]), 24, width=width - 3), rgb[:, :-3])

    red, green, blue = (16, 8), (8, 8), (0, 8)
    value, _ = words(rgb, (red, green, blue))
    for name, filling in (("0", 0), ("255", 255), ("noise", None)):
        noise = ((value * 2654435761) >> 13 & 255) if filling is None else filling
        filled = (value | numpy.uint32(noise) << 24 if filling is not None else value | (noise << 24).astype("uint32"))
        add(f"32-fourth-byte-{name}.bmp", bmp(padded(filled.astype("<u4").view("uint8").reshape(height, -1)), 32), rgb)
    alpha = numpy.clip(numpy.mgrid[0:height, 0:width][1] * 2, 0, 255).astype("uint8")
    fields = (red, green, blue, (24, 8))
    value, _ = words(rgb, fields, alpha)
    rows = padded(value.astype("<u4").view("uint8").reshape(height, -1))
    for header in (56, 108, 124):
        add(f"32-alpha-header-{header}.bmp", bmp(rows, 32, header, BITFIELDS, masks=masks_of(fields)),
            over_white(rgb, alpha))
    add("32-alpha-bitfields-40.bmp", bmp(rows, 32, 40, ALPHA_BITFIELDS, masks=masks_of(fields)), over_white(rgb, alpha))
    value, _ = words(rgb, fields, alpha * 0)
    # Chromium shows nothing of it
    add("32-alpha-all-0.bmp", bmp(padded(value.astype("<u4").view("uint8").reshape(height, -1)), 32, 124, BITFIELDS,
                                  masks=masks_of(fields)), rgb, shown=False)
    fields = ((0, 8), (8, 8), (16, 8))
    value, _ = words(rgb, fields)
    add("32-masks-bgr.bmp", bmp(padded(value.astype("<u4").view("uint8").reshape(height, -1)), 32, 40, BITFIELDS,
                                masks=masks_of(fields)), rgb)
    fields = ((20, 10), (10, 10), (0, 10))
    value, shown = words(rgb, fields)
    add("32-masks-10-bits.bmp", bmp(padded(value.astype("<u4").view("uint8").reshape(height, -1)), 32, 56, BITFIELDS,
                                    masks=masks_of(fields)), shown)


def make_16(add, rgb):
    height = len(rgb)
    kinds = {"555": ((10, 5), (5, 5), (0, 5)), "565": ((11, 5), (5, 6), (0, 5)), "444": ((8, 4), (4, 4), (0, 4))}
    for name, fields in kinds.items():
        value, shown = words(rgb, fields)
        rows = padded(value.astype("<u2").view("uint8").reshape(height, -1))
        if name == "555":
            add("16-555.bmp", bmp(rows, 16), shown)
        for header in (40, 52, 56, 108, 124) if name == "565" else (40,):
            add(f"16-{name}-masks-{header}.bmp", bmp(rows, 16, header, BITFIELDS, masks=masks_of(fields)), shown)
    fields = ((10, 5), (5, 5), (0, 5), (15, 1))
    alpha = numpy.where(numpy.mgrid[0:height, 0:rgb.shape[1]][1] < 60, 0, 255).astype("uint8")
    value, shown = words(rgb, fields, alpha)
    add("16-1555.bmp", bmp(padded(value.astype("<u2").view("uint8").reshape(height, -1)), 16, 56, BITFIELDS,
                           masks=masks_of(fields)), over_white(shown, alpha))


def make_palettes(add, rgb):
    pixels, palette = indices(rgb), cube()
    shown = palette[pixels]
    rows = padded(pixels)
    add("8.bmp", bmp(rows, 8, palette=entries(palette)), shown)
    add("8-top-down.bmp", bmp(padded(pixels[::-1]), 8, palette=entries(palette), top_down=True), shown)
    for header in (16, 52, 64, 108, 124):
        add(f"8-header-{header}.bmp", bmp(rows, 8, header, palette=entries(palette)), shown)
    add("8-252-colours.bmp", bmp(rows, 8, palette=entries(palette[:252]), colours=252), shown)
    add("8-gap.bmp", bmp(rows, 8, palette=entries(palette), gap=bytes(99)), shown)
    add("os2-256.bmp", bmp(rows, 8, 12, palette=entries(palette, 3)), shown)
    add("os2-252-of-256.bmp", bmp(rows, 8, 12, palette=entries(palette[:252], 3)), shown)
    dark = numpy.where(numpy.arange(256)[:, None] < 180, palette, 0).astype("uint8")
    add("8-index-beyond-palette.bmp", bmp(rows, 8, palette=entries(palette[:180]), colours=180), dark[pixels])
    add("8-cut-8-of-10.bmp", bmp(rows, 8, palette=entries(palette))[:14 + 40 + 1024 + len(rows) * 8 // 10],
        from_row(shown[::-1], HEIGHT * 8 // 10)[::-1])
    for bits in (1, 2, 4):
        small, few = greys(rgb, bits)
        add(f"{bits}.bmp", bmp(padded(packed(small, bits)), bits, palette=entries(few)), few[small])
        if bits != 2:
            add(f"os2-{bits}.bmp", bmp(padded(packed(small, bits)), bits, 12, palette=entries(few, 3)), few[small])
    small, few = greys(rgb, 1)
    add("1-colours-swapped.bmp", bmp(padded(packed(1 - small, 1)), 1, palette=entries(few[::-1])), few[small])
    add("1x1.bmp", bmp(b"\x20\x40\x80\0", 24, width=1, height=1), numpy.array([[[0x80, 0x40, 0x20]]], "uint8"))

    add("rle8.bmp", bmp(rle8(pixels), 8, compression=RLE8, palette=entries(palette)), shown)
    add("rle8-header-124.bmp", bmp(rle8(pixels), 8, 124, RLE8, palette=entries(palette)), shown)
    add("rle8-absolute.bmp", bmp(rle8_absolute(pixels), 8, compression=RLE8, palette=entries(palette)), shown)
    add("rle8-no-end.bmp", bmp(rle8(pixels, ends=False), 8, compression=RLE8, palette=entries(palette)), shown)
    sky = pixels[0, WIDTH // 2]
    add("rle8-moves.bmp", bmp(rle8_moves(pixels, sky), 8, compression=RLE8, palette=entries(palette)),
        numpy.where((pixels == sky)[..., None], 0, shown).astype("uint8"))
    data = rle8(pixels)
    add("rle8-cut-half.bmp", bmp(data[:len(data) // 2], 8, compression=RLE8, palette=entries(palette)),
        refusal="less than three quarters")
    small, few = greys(rgb, 4)
    add("rle4.bmp", bmp(rle4(small), 4, compression=RLE4, palette=entries(few)), few[small])
    add("rle4-absolute.bmp", bmp(rle4_absolute(small), 4, compression=RLE4, palette=entries(few)), few[small])
    add("rle24-os2.bmp", bmp(rle24(rgb), 24, 64, RLE24), rgb)


def make(add):
    rgb = scene()
    make_true_colour(add, rgb)
    make_16(add, rgb)
    make_palettes(add, rgb)
    jpeg = b"\xff\xd8\xff\xe0" + bytes(99)
    add("jpeg-inside.bmp", bmp(jpeg, 0, 40, JPEG), refusal="a BMP of a rare kind")
    add("depth-of-7.bmp", bmp(bytes(99999), 7), refusal="a BMP of a rare kind")
    add("no-pixels.bmp", bmp(b"", 24, width=0), refusal="has no pixels")
    add("header-only.bmp", bmp(b"", 24)[:40], refusal="damaged or incomplete")
    add("enormous.bmp", bmp(bytes(99), 24, width=60000, height=60000), refusal="megapixels")
