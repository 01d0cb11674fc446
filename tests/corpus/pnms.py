"""Netpbm's formats, P1 to P7. No browser shows them."""
import numpy

from gifs import greys
from scene import HEIGHT, WIDTH, over_white, scene, from_row

SIZE = b"%d %d" % (WIDTH, HEIGHT)


def text(samples, per_line=17):
    numbers = [b"%d" % v for v in numpy.asarray(samples).ravel().tolist()]
    return b"\n".join(b" ".join(numbers[i:i + per_line]) for i in range(0, len(numbers), per_line)) + b"\n"


def scaled(samples, maximum):
    """Of 8 bits to 0..maximum, and what is shown of them."""
    levels = numpy.round(samples.astype(float) * maximum / 255).astype("uint32")
    return levels, ((levels * 255 + maximum // 2) // maximum).astype("uint8")


def pam(samples, maximum=255, kind=b"RGB", depth=None):
    depth = samples.shape[2] if depth is None else depth
    head = b"P7\n# a comment\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n" % (
        samples.shape[1], samples.shape[0], depth, maximum, kind)
    return head + (samples.astype(">u2") if maximum > 255 else samples.astype("uint8")).tobytes()


def make(add_picture):
    def add(name, content, answer=None, **told):
        add_picture(name, content, answer, shown=False, page="answer", **told)

    rgb = scene()
    grey = numpy.round(rgb.astype(float) @ (0.299, 0.587, 0.114)).astype("uint8")
    grey_rgb = numpy.repeat(grey[..., None], 3, axis=2)
    bits, black_white = greys(rgb, 1)
    dark = 1 - bits
    add("p1.pbm", b"P1\n" + SIZE + b"\n" + text(dark, 30), black_white[bits])
    add("p1-no-spaces.pbm", b"P1 " + SIZE + b"\n" + b"\n".join(bytes(row + 48) for row in dark) + b"\n", black_white[bits])
    add("p4.pbm", b"P4\n" + SIZE + b"\n" + numpy.packbits(dark, axis=1).tobytes(), black_white[bits])
    odd = dark[:, :WIDTH - 3]
    add("p4-odd-width.pbm", b"P4\n%d %d\n" % (WIDTH - 3, HEIGHT) + numpy.packbits(odd, axis=1).tobytes(), black_white[1 - odd])
    add("p2.pgm", b"P2\n# grey\n" + SIZE + b"\n255\n" + text(grey), grey_rgb)
    add("p3.ppm", b"P3\n" + SIZE + b"\n255\n" + text(rgb), rgb)
    add("p5.pgm", b"P5\n" + SIZE + b"\n255\n" + grey.tobytes(), grey_rgb)
    add("p6.ppm", b"P6\n" + SIZE + b"\n255\n" + rgb.tobytes(), rgb)
    add("p6-comments.ppm", b"P6 # made by hand\n#again\n%d\t#width\n%d # height\n255\n" % (WIDTH, HEIGHT) + rgb.tobytes(), rgb)
    add("p6-crlf.ppm", b"P6\r\n%d %d\r\n255\n" % (WIDTH, HEIGHT) + rgb.tobytes(), rgb)
    add("p6-crlf-before-samples.ppm", b"P6\r\n%d %d\r\n255\r\n" % (WIDTH, HEIGHT) + rgb.tobytes(), rgb)
    add("p6-two-pictures.ppm", (b"P6\n" + SIZE + b"\n255\n" + rgb.tobytes()) + (b"P6\n1 1\n255\nabc"), rgb)
    for maximum in (1, 15, 100, 1023, 4095, 65535):
        levels, shown = scaled(rgb, maximum)
        content = levels.astype(">u2" if maximum > 255 else "uint8").tobytes()
        add(f"p6-maximum-{maximum}.ppm", b"P6\n%s\n%d\n" % (SIZE, maximum) + content, shown)
    levels, shown = scaled(grey_rgb, 65535)
    add("p5-maximum-65535.pgm", b"P5\n" + SIZE + b"\n65535\n" + levels[..., 0].astype(">u2").tobytes(), shown)
    add("p2-maximum-65535.pgm", b"P2\n" + SIZE + b"\n65535\n" + text(levels[..., 0]), shown)

    alpha = numpy.clip(numpy.mgrid[0:HEIGHT, 0:WIDTH][1] * 2, 0, 255).astype("uint8")
    add("p7-rgb.pam", pam(rgb), rgb)
    add("p7-grey.pam", pam(grey[..., None], kind=b"GRAYSCALE"), grey_rgb)
    add("p7-bits.pam", pam(bits[..., None], 1, b"BLACKANDWHITE"), black_white[bits])
    add("p7-rgb-alpha.pam", pam(numpy.dstack([rgb, alpha]), kind=b"RGB_ALPHA"), over_white(rgb, alpha))
    add("p7-grey-alpha.pam", pam(numpy.dstack([grey, alpha]), kind=b"GRAYSCALE_ALPHA"), over_white(grey_rgb, alpha))
    head, samples = pam(rgb).split(b"ENDHDR\n", 1)
    add("p7-crlf.pam", (head + b"ENDHDR\n").replace(b"\n", b"\r\n") + samples, rgb)
    add("p7-no-type.pam", head.replace(b"TUPLTYPE RGB\n", b"") + b"ENDHDR\n" + samples, rgb)
    add("p7-type-of-ones-own.pam", pam(rgb, kind=b" my own colours"), rgb)
    add("p7-type-in-two-lines.pam", pam(rgb, kind=b"RGB\nTUPLTYPE of mine"), rgb)
    levels, shown = scaled(rgb, 65535)
    add("p7-16-bits.pam", pam(levels, 65535), shown)

    whole = b"P6\n" + SIZE + b"\n255\n" + rgb.tobytes()
    add("p6-cut-9-of-10.ppm", whole[:15 + 960 * 216], from_row(rgb, 216))
    head = b"P3\n" + SIZE + b"\n255\n"
    numbers = text(rgb, WIDTH * 3).split(b"\n")
    add("p3-cut-9-of-10.ppm", head + b"\n".join(numbers[:216]), from_row(rgb, 216))

    def refuse(name, content, sentence, **told):
        add_picture(name, content, refusal=sentence, shown=False, **told)

    refuse("p6-cut-half.ppm", whole[:len(whole) // 2], "less than three quarters")
    refuse("p6-header-only.ppm", b"P6\n" + SIZE + b"\n", "damaged or incomplete")
    refuse("p6-maximum-0.ppm", b"P6\n" + SIZE + b"\n0\n" + rgb.tobytes(), "damaged or incomplete")
    refuse("p6-maximum-70000.ppm", b"P6\n" + SIZE + b"\n70000\n" + rgb.tobytes() * 2, "damaged or incomplete")
    refuse("p6-enormous.ppm", b"P6\n60000 60000\n255\n" + bytes(99), "megapixels")
    refuse("p7-ink.pam", pam(numpy.dstack([rgb, alpha]), kind=b"CMYK"), "the colours of inks")
    refuse("p7-ink-spaced.pam", pam(numpy.dstack([rgb, alpha]), kind=b"   CMYK"), "the colours of inks")
    refuse("p7-ink-alpha.pam", pam(numpy.dstack([rgb, alpha, alpha]), kind=b"CMYK_ALPHA"), "the colours of inks")
    refuse("p7-five-channels.pam", pam(numpy.dstack([rgb, alpha, alpha]), kind=b"RGBXY"), "a PAM with 5 channels")
    refuse("pfm.pfm", b"PF\n" + SIZE + b"\n-1.0\n" + bytes(WIDTH * HEIGHT * 12), "a PFM picture")
