"""GIFs: what cameras' successors, messengers and thirty years of programs have written."""
import struct

import numpy

from scene import HEIGHT, WIDTH, over_white, scene, from_row

# Levels of red, green and blue: 6 x 7 x 6 of 256 colours, so that each pixel's index is known without a quantizer.
LEVELS = (6, 7, 6)


def cube():
    grid = numpy.indices(LEVELS).reshape(3, -1).T
    colours = numpy.zeros((256, 3), "uint8")
    colours[:len(grid)] = numpy.round(grid * 255 / (numpy.array(LEVELS) - 1))
    return colours


def indices(rgb):
    steps = [numpy.round(rgb[..., c].astype(float) * (n - 1) / 255).astype(int) for c, n in enumerate(LEVELS)]
    return ((steps[0] * LEVELS[1] + steps[1]) * LEVELS[2] + steps[2]).astype("uint8")


def greys(rgb, bits):
    """Indices into as many greys, and those greys."""
    levels = (1 << bits) - 1
    grey = rgb.astype(float) @ (0.299, 0.587, 0.114)
    palette = numpy.repeat(numpy.round(numpy.arange(levels + 1) * 255 / levels).astype("uint8")[:, None], 3, axis=1)
    return numpy.round(grey * levels / 255).astype("uint8"), palette


def lzw(data, bits, **options):
    return bytes([bits]) + blocks(codes(data, bits, **options))


def codes(data, bits, first_clear=True, defers_clear=False, has_end=True):
    clear, end = 1 << bits, (1 << bits) + 1
    out, held, count = bytearray(), 0, 0
    table, size = {bytes([i]): i for i in range(clear)}, bits + 1
    following = end + 1

    def put(code):
        nonlocal held, count
        held |= code << count
        count += size
        while count >= 8:
            out.append(held & 255)
            held >>= 8
            count -= 8

    if first_clear:
        put(clear)
    word = b""
    for value in data:
        longer = word + bytes([value])
        if longer in table:
            word = longer
            continue
        put(table[word])
        if following < 4096:
            table[longer] = following
            following += 1
            if following == (1 << size) + 1 and size < 12:
                size += 1
        elif not defers_clear:
            put(clear)
            table, size, following = {bytes([i]): i for i in range(clear)}, bits + 1, end + 1
        word = bytes([value])
    put(table[word])
    if has_end:
        put(end)
    if count:
        out.append(held & 255)
    return bytes(out)


def blocks(data):
    return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b"\0"


def table_bits(palette):
    return max(1, (len(palette) - 1).bit_length())


def header(width, height, palette, background=0, version=b"89a"):
    flags = 0x70 if palette is None else 0xf0 | (table_bits(palette) - 1)
    table = b"" if palette is None else palette.tobytes()
    return b"GIF" + version + struct.pack("<HHBBB", width, height, flags, background, 0) + table


def control(transparent=None, delay=0, disposal=0):
    flags = disposal << 2 | (transparent is not None)
    return b"!\xf9\x04" + struct.pack("<BHB", flags, delay, transparent or 0) + b"\0"


INTERLACED = [(0, 8), (4, 8), (2, 4), (1, 2)]


def frame(pixels, left=0, top=0, palette=None, interlaced=False, bits=8, size=None, **options):
    height, width = size or pixels.shape
    flags = (0x40 if interlaced else 0) | (0 if palette is None else 0x80 | (table_bits(palette) - 1))
    table = b"" if palette is None else palette.tobytes()
    if interlaced:
        pixels = numpy.concatenate([pixels[start::step] for start, step in INTERLACED])
    return b"," + struct.pack("<HHHHB", left, top, width, height, flags) + table + lzw(pixels.tobytes(), bits, **options)


def framed(width, height, rgb, left, top):
    """A picture on a canvas that is otherwise white."""
    canvas = numpy.full((height, width, 3), 255, "uint8")
    bottom, right = min(height, top + rgb.shape[0]), min(width, left + rgb.shape[1])
    canvas[top:bottom, left:right] = rgb[:bottom - top, :right - left]
    return canvas


def make(add):
    rgb = scene()
    pixels, palette = indices(rgb), cube()
    shown = palette[pixels]
    head, end = header(WIDTH, HEIGHT, palette), b";"
    whole = head + frame(pixels) + end
    add("plain.gif", whole, shown)
    add("87a.gif", header(WIDTH, HEIGHT, palette, version=b"87a") + frame(pixels) + end, shown)
    add("interlaced.gif", head + frame(pixels, interlaced=True) + end, shown)
    add("local-palette.gif", header(WIDTH, HEIGHT, None) + frame(pixels, palette=palette) + end, shown)
    add("both-palettes.gif", header(WIDTH, HEIGHT, palette[::-1].copy()) + frame(pixels, palette=palette) + end, shown)
    comment = b"!\xfe" + blocks(b"made by hand" * 40)
    looped = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    add("extensions.gif", head + looped + comment + control(delay=5) + frame(pixels) + comment + end, shown)
    for bits in (1, 2, 4):
        small, few = greys(rgb, bits)
        add(f"{1 << bits}-colours.gif", header(WIDTH, HEIGHT, few) + frame(small, bits=max(2, bits)) + end, few[small])

    # several frames: the first counts
    second = control(delay=9, disposal=2) + frame(pixels[HEIGHT // 2:HEIGHT * 2 // 3, :WIDTH // 3].copy(), WIDTH // 3, HEIGHT // 2)
    add("animated.gif", head + looped + control(delay=9) + frame(pixels) + second + end, shown)
    add("animated-cut-in-second-frame.gif", (head + control(delay=9) + frame(pixels) + second)[:-200], shown)

    # ends
    add("no-trailer.gif", whole[:-1], shown)
    add("bytes-behind.gif", whole + b"\0" * 777 + b"GIF89a and more", shown)
    add("no-end-code.gif", head + frame(pixels, has_end=False) + end, shown)
    add("no-last-block.gif", whole[:-2], shown)
    for rows in (216, 192):
        short = head + frame(pixels[:rows], size=(HEIGHT, WIDTH), has_end=False)
        add(f"{rows}-rows.gif", short, from_row(shown, rows))
    add("216-rows-and-trailer.gif", head + frame(pixels[:216], size=(HEIGHT, WIDTH)) + end, from_row(shown, 216))
    add("168-rows.gif", head + frame(pixels[:168], size=(HEIGHT, WIDTH)), refusal="less than three quarters")
    add("cut-half.gif", whole[:len(whole) // 2], refusal="less than three quarters")
    add("cut-in-palette.gif", whole[:300], refusal="damaged or incomplete")
    turns = numpy.concatenate([pixels[start::step] for start, step in INTERLACED])[:210]
    repeated = shown.copy()
    repeated[181::2] = shown[180::2]
    flagged = frame(turns, size=(HEIGHT, WIDTH))
    add("interlaced-210-rows.gif", head + flagged[:9] + b"\x40" + flagged[10:] + end, repeated)
    broken = frame(pixels[:1], size=(HEIGHT, WIDTH))[:10] + b"\x08"
    broken += blocks(codes(pixels[:216].tobytes(), 8, has_end=False) + b"\xff" * 60)
    add("illegal-code.gif", head + broken + end, from_row(shown, 216), engine="corrupt-image", page="refusal",
        page_refusal="damaged or incomplete", shown=False)

    # codes
    add("deferred-clear.gif", head + frame(pixels, defers_clear=True) + end, shown)
    grain = numpy.clip(rgb + (numpy.arange(rgb.size).reshape(rgb.shape) * 48271 % 101 - 50), 0, 255).astype("uint8")
    grainy = indices(grain)
    add("long-deferred-clear.gif", head + frame(grainy, defers_clear=True) + end, palette[grainy], engine="corrupt-image")
    add("no-first-clear.gif", head + frame(pixels, first_clear=False) + end, shown, engine="corrupt-image")

    # canvas and frame
    left, top = WIDTH // 8, HEIGHT // 8
    part = pixels[top:HEIGHT * 19 // 24, left:WIDTH * 13 // 16].copy()
    dark = int(indices(numpy.zeros((1, 1, 3), "uint8"))[0, 0]) + 8
    for background in (0, dark):
        add(f"small-frame-background-{background}.gif", header(WIDTH, HEIGHT, palette, background)
            + frame(part, left, top) + end, framed(WIDTH, HEIGHT, palette[part], left, top))
    hidden = pixels == pixels[HEIGHT // 4, WIDTH // 5]
    alpha = numpy.where(hidden, 0, 255)
    add("transparent.gif", header(WIDTH, HEIGHT, palette, 5) + control(int(pixels[HEIGHT // 4, WIDTH // 5])) + frame(pixels) + end,
        over_white(shown, alpha))
    add("frame-beyond-canvas.gif", header(WIDTH - left, HEIGHT - top, palette) + frame(pixels) + end, shown,
        engine="corrupt-image")
    add("frame-off-the-edge.gif", header(WIDTH, HEIGHT, palette) + frame(part, 5 * left, 4 * top) + end,
        framed(5 * left + part.shape[1], 4 * top + part.shape[0], palette[part], 5 * left, 4 * top), engine="corrupt-image")
    add("no-canvas.gif", header(0, 0, palette) + frame(pixels) + end, shown, engine="corrupt-image")
    # Chromium shows it black
    add("no-palette.gif", header(WIDTH, HEIGHT, None) + frame(pixels) + end, refusal="damaged or incomplete",
        engine="corrupt-image", page="answer")
    add("short-palette.gif", header(WIDTH, HEIGHT, palette[:128]) + frame(pixels) + end,
        numpy.where((pixels < 128)[..., None], shown, 0).astype("uint8"))
    add("1x1.gif", header(1, 1, palette[:2]) + frame(numpy.ones((1, 1), "uint8"), bits=2) + end, palette[1:2][None])
    add("frame-of-no-size.gif", header(WIDTH, HEIGHT, palette) + frame(pixels, size=(0, 0)) + end,
        refusal="damaged or incomplete", engine="corrupt-image")
    add("no-frame.gif", head + end, refusal="damaged or incomplete")
