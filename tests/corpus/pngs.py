"""PNGs of every kind, whole, odd and broken off."""
import struct
import zlib

import numpy

from gifs import cube, greys, indices
from scene import HEIGHT, WIDTH, exif, over_white, scene, stored, from_row

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, TRUE, PALETTE, GREY_ALPHA, TRUE_ALPHA = 0, 2, 3, 4, 6
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind, content=b""):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


END = chunk(b"IEND")


def header(width, height, depth, colour, interlaced=False):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))


def row_bytes(samples, depth):
    """[height][width][channels] to the bytes of rows."""
    flat = samples.reshape(len(samples), -1)
    if depth == 16:
        return flat.astype(">u2").view("uint8").reshape(len(samples), -1)
    if depth == 8:
        return flat.astype("uint8")
    per_byte = 8 // depth
    flat = numpy.pad(flat, ((0, 0), (0, -flat.shape[1] % per_byte))).reshape(len(flat), -1, per_byte)
    return sum(flat[..., i].astype("uint8") << (8 - depth * (i + 1)) for i in range(per_byte)).astype("uint8")


def filtered(rows, step, kinds=(0,)):
    """Each row behind its filter's number; `step` bytes are a pixel. The kinds follow one another."""
    out, above = bytearray(), numpy.zeros(rows.shape[1], int)
    for y, row in enumerate(rows.astype(int)):
        kind = kinds[y % len(kinds)]
        left = numpy.concatenate([numpy.zeros(step, int), row[:-step]]) if row.size > step else numpy.zeros(row.size, int)
        corner = numpy.concatenate([numpy.zeros(step, int), above[:-step]]) if row.size > step else left
        guess = left + above - corner
        near = [abs(guess - left), abs(guess - above), abs(guess - corner)]
        paeth = numpy.where((near[0] <= near[1]) & (near[0] <= near[2]), left,
                            numpy.where(near[1] <= near[2], above, corner))
        minus = (0, left, above, (left + above) // 2, paeth)[kind]
        out += bytes([kind]) + ((row - minus) & 255).astype("uint8").tobytes()
        above = row
    return bytes(out)


def data(samples, depth=8, interlaced=False, kinds=(1,)):
    """What is compressed."""
    step = max(1, samples.shape[2] * depth // 8)
    if not interlaced:
        return filtered(row_bytes(samples, depth), step, kinds)
    out = b""
    for x, y, dx, dy in PASSES:
        part = samples[y::dy, x::dx]
        if part.size:
            out += filtered(row_bytes(part, depth), step, kinds)
    return out


def idat(content, pieces=1, **options):
    packed = zlib.compress(content, **options)
    size = -(-len(packed) // pieces)
    return b"".join(chunk(b"IDAT", packed[i:i + size]) for i in range(0, len(packed), size))


def png(samples, colour, depth=8, before=b"", after=b"", interlaced=False, kinds=(1,), pieces=1, first=b""):
    height, width = samples.shape[:2]
    return (SIGNATURE + first + header(width, height, depth, colour, interlaced) + before
            + idat(data(samples, depth, interlaced, kinds), pieces) + after + END)


def palette_chunks(palette, alpha=None):
    out = chunk(b"PLTE", palette.tobytes())
    return out if alpha is None else out + chunk(b"tRNS", bytes(alpha))


def deep(samples):
    """16 bits of which the upper eight are these, and the lower ones noise."""
    noise = (numpy.arange(samples.size).reshape(samples.shape) * 40503 >> 3) & 255
    return samples.astype("uint16") << 8 | noise.astype("uint16")


def make_kinds(add, rgb):
    grey = numpy.round(rgb.astype(float) @ (0.299, 0.587, 0.114)).astype("uint8")[..., None]
    grey_rgb = numpy.repeat(grey, 3, axis=2)
    alpha = numpy.clip(numpy.mgrid[0:HEIGHT, 0:WIDTH][1] * 2, 0, 255).astype("uint8")
    rgba, grey_alpha = numpy.dstack([rgb, alpha]), numpy.dstack([grey, alpha])
    pixels, palette = indices(rgb), cube()
    for interlaced in (False, True):
        name = "-interlaced" if interlaced else ""
        add(f"rgb{name}.png", png(rgb, TRUE, interlaced=interlaced), rgb)
        add(f"rgba{name}.png", png(rgba, TRUE_ALPHA, interlaced=interlaced), over_white(rgb, alpha))
        add(f"grey{name}.png", png(grey, GREY, interlaced=interlaced), grey_rgb)
        add(f"grey-alpha{name}.png", png(grey_alpha, GREY_ALPHA, interlaced=interlaced), over_white(grey_rgb, alpha))
        add(f"palette-8{name}.png", png(pixels[..., None], PALETTE, before=palette_chunks(palette), interlaced=interlaced),
            palette[pixels])
        add(f"rgb-16{name}.png", png(deep(rgb), TRUE, 16, interlaced=interlaced), rgb)
        add(f"rgba-16{name}.png", png(deep(rgba), TRUE_ALPHA, 16, interlaced=interlaced), over_white(rgb, alpha))
        for bits in (1, 2, 4):
            small, few = greys(rgb, bits)
            add(f"grey-{bits}{name}.png", png(small[..., None], GREY, bits, interlaced=interlaced), few[small])
            add(f"palette-{bits}{name}.png", png(small[..., None], PALETTE, bits, palette_chunks(few[::-1].copy()),
                                                 interlaced=interlaced), few[::-1][small])
    add("grey-16.png", png(deep(grey), GREY, 16), grey_rgb)
    add("grey-alpha-16.png", png(deep(grey_alpha), GREY_ALPHA, 16), over_white(grey_rgb, alpha))
    for kind, name in enumerate(("none", "sub", "up", "average", "paeth")):
        add(f"filter-{name}.png", png(rgb, TRUE, kinds=(kind,)), rgb)
    add("filter-all.png", png(rgba, TRUE_ALPHA, kinds=(0, 1, 2, 3, 4)), over_white(rgb, alpha))

    # transparency by a chunk
    see_through = numpy.full(256, 255, "uint8")
    see_through[:200] = numpy.arange(200) + 40
    add("palette-transparency.png", png(pixels[..., None], PALETTE, before=palette_chunks(palette, see_through)),
        over_white(palette[pixels], see_through[pixels]))
    key = rgb[HEIGHT // 2, WIDTH * 2 // 3]
    hidden = (rgb == key).all(axis=2)
    add("colour-key.png", png(rgb, TRUE, before=chunk(b"tRNS", b"".join(struct.pack(">H", v) for v in key))),
        over_white(rgb, numpy.where(hidden, 0, 255)))
    small, few = greys(rgb, 2)
    add("grey-key.png", png(small[..., None], GREY, 2, before=chunk(b"tRNS", b"\0\1")),
        over_white(few[small], numpy.where(small == 1, 0, 255)))
    add("palette-too-short.png", png(pixels[..., None], PALETTE, before=palette_chunks(palette[:150])),
        palette[numpy.minimum(pixels, 149)])
    add("1x1.png", png(rgb[:1, :1], TRUE), rgb[:1, :1])
    add("3x2-interlaced.png", png(rgb[:2, :3], TRUE, interlaced=True), rgb[:2, :3])


def make_odd(add, rgb):
    whole = png(rgb, TRUE)
    add("data-in-pieces.png", png(rgb, TRUE, pieces=57), rgb)
    empty = chunk(b"IDAT")
    add("empty-pieces.png", whole[:33] + empty + whole[33:-12] + empty + END, rgb)
    add("not-compressed.png", SIGNATURE + header(WIDTH, HEIGHT, 8, TRUE) + idat(data(rgb), level=0) + END, rgb)
    add("texts.png", png(rgb, TRUE, before=chunk(b"tEXt", b"Comment\0made by hand") + chunk(b"pHYs", bytes(9))
                         + chunk(b"tIME", bytes(7)) + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"b" * 9999)),
                         after=chunk(b"tEXt", b"Software\0none")), rgb)
    add("large-profile.png", png(rgb, TRUE, before=chunk(b"iCCP", b"none\0\0" + zlib.compress(bytes(3000000)))), rgb)
    add("private-chunks.png", png(rgb, TRUE, before=chunk(b"prVt", bytes(300)), after=chunk(b"vpAg", bytes(9))), rgb)
    add("palette-of-true-colour.png", png(rgb, TRUE, before=palette_chunks(cube()[:100])), rgb)
    add("background.png", png(rgb, TRUE, before=chunk(b"bKGD", bytes(6))), rgb)
    add("bytes-behind.png", whole + b"\0trailing" * 100, rgb)
    add("checksum-wrong-in-text.png", png(rgb, TRUE, before=chunk(b"tEXt", b"Comment\0x")[:-1] + b"?"), rgb)
    control = struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0)
    animation = chunk(b"acTL", struct.pack(">II", 1, 0)) + chunk(b"fcTL", control)
    add("animated.png", png(rgb, TRUE, before=animation), rgb)
    second = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0)) + chunk(
        b"fdAT", struct.pack(">I", 2) + zlib.compress(data(rgb[::-1])))
    two = chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", control)
    add("animated-two-frames.png", png(rgb, TRUE, before=two, after=second), rgb)

    # which way up
    for orientation in range(1, 9):
        exif_chunk = chunk(b"eXIf", exif(b"MM" if orientation % 2 else b"II", orientation))
        add(f"exif-{orientation}.png", png(stored(rgb, orientation), TRUE, before=exif_chunk), rgb)
    add("exif-6-behind-data.png", png(stored(rgb, 6), TRUE, after=chunk(b"eXIf", exif(b"MM", 6))), rgb,
        shown=False)  # so ImageMagick writes it; Chromium looks before the data only
    add("exif-6-behind-end.png", png(stored(rgb, 6), TRUE) + chunk(b"eXIf", exif(b"MM", 6)), stored(rgb, 6))
    add("exif-0.png", png(rgb, TRUE, before=chunk(b"eXIf", exif(b"MM", 0))), rgb)
    add("exif-cut.png", png(rgb, TRUE, before=chunk(b"eXIf", exif(b"MM", 6)[:12])), rgb)

    # what Xcode makes
    def iphone(samples, colour):
        packed = zlib.compressobj(9, zlib.DEFLATED, -15)
        content = packed.compress(data(samples)) + packed.flush()
        return (SIGNATURE + chunk(b"CgBI", b"\x50\0\x20\x06") + header(WIDTH, HEIGHT, 8, colour)
                + chunk(b"IDAT", content) + END)

    alpha = numpy.clip(numpy.mgrid[0:HEIGHT, 0:WIDTH][1] * 2, 0, 255).astype("uint8")
    share = alpha[..., None].astype(float) / 255
    bgra = numpy.dstack([numpy.round(rgb[..., ::-1] * share).astype("uint8"), alpha])
    add("iphone.png", iphone(numpy.dstack([rgb[..., ::-1], 0 * alpha + 255]), TRUE_ALPHA), rgb, shown=False)
    add("iphone-alpha.png", iphone(bgra, TRUE_ALPHA), over_white(rgb, alpha), shown=False, tolerance=1)


def make_broken(add, rgb):
    whole = png(rgb, TRUE)
    at = whole.index(b"IDAT") + 4
    content = zlib.compress(data(rgb))
    add("no-end.png", whole[:-12], rgb)
    add("end-cut.png", whole[:-7], rgb)
    add("no-data-checksum.png", whole[:-16], rgb)
    add("data-less-4.png", whole[:-20], rgb)
    add("no-end-text-cut.png", whole[:-12] + chunk(b"tEXt", bytes(500))[:-99], rgb)
    add("palette-no-end.png", png(indices(rgb)[..., None], PALETTE, before=palette_chunks(cube()))[:-12],
        cube()[indices(rgb)])
    add("data-checksum-wrong.png", whole[:-13] + b"?" + END, rgb, shown=False)
    add("header-checksum-wrong.png", whole[:29] + b"????" + whole[33:], rgb, shown=False)

    def cut_to(rows, samples=rgb, colour=TRUE, **options):
        """The data end where these rows do."""
        packed = zlib.compressobj(6)
        row = len(data(samples)) // len(samples)
        head = packed.compress(data(samples)[:row * rows]) + packed.flush(zlib.Z_FULL_FLUSH)
        rest = packed.compress(data(samples)[row * rows:]) + packed.flush()
        return SIGNATURE + header(WIDTH, HEIGHT, 8, colour) + struct.pack(">I", len(head + rest)) + b"IDAT" + head

    add("cut-9-of-10.png", cut_to(216), from_row(rgb, 216))
    add("cut-8-of-10.png", cut_to(192), from_row(rgb, 192))
    add("cut-7-of-10.png", cut_to(168), refusal="less than three quarters")
    damaged = cut_to(216) + b"\x07" + bytes(500) + END
    add("damaged-9-of-10.png", damaged, from_row(rgb, 216), shown=False)
    add("too-few-rows.png", SIGNATURE + header(WIDTH, HEIGHT, 8, TRUE) + idat(data(rgb[:200])) + END, from_row(rgb, 200))
    add("too-many-rows.png", SIGNATURE + header(WIDTH, HEIGHT, 8, TRUE) + idat(data(numpy.concatenate([rgb, rgb]))) + END,
        rgb)
    passes = data(rgb, interlaced=True)
    last = len(passes) - (1 + 3 * WIDTH) * (HEIGHT // 2)
    repeated = rgb.copy()
    repeated[181::2] = rgb[180::2]
    kept = passes[:last + (1 + 3 * WIDTH) * 90]
    add("interlaced-3-of-4-of-last-pass.png",
        SIGNATURE + header(WIDTH, HEIGHT, 8, TRUE, True) + idat(kept) + END, repeated)
    add("interlaced-no-last-pass.png", SIGNATURE + header(WIDTH, HEIGHT, 8, TRUE, True) + idat(passes[:last]) + END,
        refusal="less than three quarters")
    add("transparency-behind-data.png", png(indices(rgb)[..., None], PALETTE, before=palette_chunks(cube()),
                                            after=chunk(b"tRNS", bytes(9))), cube()[indices(rgb)])
    add("transparency-too-long.png", png(indices(rgb)[..., None], PALETTE,
                                         before=palette_chunks(cube()[:252]) + chunk(b"tRNS", bytes([255]) * 300)),
        cube()[indices(rgb)])
    add("transparency-before-palette.png", png(indices(rgb)[..., None], PALETTE,
                                               before=chunk(b"tRNS", bytes(9)) + palette_chunks(cube())), cube()[indices(rgb)])
    add("transparency-of-alpha.png", png(numpy.dstack([rgb, rgb[..., 0] | 255]), TRUE_ALPHA, before=chunk(b"tRNS", bytes(6))),
        rgb)
    add("no-palette.png", png(indices(rgb)[..., None], PALETTE), refusal="damaged or incomplete")
    add("no-data.png", SIGNATURE + header(WIDTH, HEIGHT, 8, TRUE) + END, refusal="damaged or incomplete")
    add("signature-only.png", SIGNATURE, refusal="damaged or incomplete")
    add("lines-converted.png", whole.replace(b"\r\n", b"\n"), refusal="damaged or incomplete")
    add("enormous.png", SIGNATURE + header(60000, 60000, 8, TRUE) + idat(bytes(999)) + END, refusal="megapixels")
    add("claims-too-much.png", SIGNATURE + header(4000, 4000, 8, TRUE) + chunk(b"IDAT", content[:500]) + END,
        refusal="damaged or incomplete")
    add("garbage-in-data.png", whole[:at + 60] + bytes(range(200)) + whole[at + 260:], refusal="less than three quarters")


def make(add):
    rgb = scene()
    make_kinds(add, rgb)
    make_odd(add, rgb)
    make_broken(add, rgb)
