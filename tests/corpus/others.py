"""Files of formats that only browsers decode, or nobody; and files that are no pictures."""
import struct

import numpy

from scene import HEIGHT, WIDTH, encode, exif, image, over_white, scene, stored

QUALITY = 93


def riff(chunks):
    content = b"WEBP" + b"".join(kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2) for kind, body in chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def chunks_of(webp):
    at = 12
    while at + 8 <= len(webp):
        kind, size = webp[at:at + 4], struct.unpack("<I", webp[at + 4:at + 8])[0]
        yield kind, webp[at + 8:at + 8 + size]
        at += 8 + size + size % 2


def with_exif(webp, content, width, height):
    """An extended WebP with this EXIF."""
    head = b"\x08\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    parts = [(kind, body) for kind, body in chunks_of(webp) if kind not in (b"VP8X", b"EXIF")]
    return riff([(b"VP8X", head), *parts, (b"EXIF", content)])


def make_webp(add_picture, rgb):
    def add(name, content, answer, **told):
        add_picture(name, content, answer, refusal="a WebP picture", page="answer", engine="unsupported-image", **told)

    lossy, lossless = encode(rgb, "WEBP", quality=QUALITY), encode(rgb, "WEBP", lossless=True)
    alpha = numpy.clip(numpy.mgrid[0:HEIGHT, 0:WIDTH][1] * 2, 0, 255).astype("uint8")
    add("lossy.webp", lossy, rgb)
    add("lossless.webp", lossless, rgb)
    add("alpha.webp", encode(image(numpy.dstack([rgb, alpha])), "WEBP", lossless=True, exact=True), over_white(rgb, alpha))
    for orientation in range(1, 9):
        turned = stored(rgb, orientation)
        content = exif(b"MM" if orientation % 2 else b"II", orientation)
        webp = with_exif(encode(turned, "WEBP", quality=QUALITY), content, turned.shape[1], turned.shape[0])
        add(f"exif-{orientation}.webp", webp, rgb, shown=orientation == 1)  # Chromium turns no WebP
    add("exif-with-name.webp", with_exif(encode(stored(rgb, 6), "WEBP", quality=QUALITY), b"Exif\0\0" + exif(b"II", 6),
                                         HEIGHT, WIDTH), rgb, shown=False)
    add("bytes-behind.webp", lossy + bytes(100), rgb)

    def refuse(name, content):
        add_picture(name, content, refusal="a WebP picture", page="refusal", engine="unsupported-image", shown=False,
                    page_refusal="cut short")

    for part in (3, 6, 9):
        refuse(f"cut-{part}-of-10.webp", lossy[:len(lossy) * part // 10])
    refuse("less-2.webp", lossy[:-2])
    half = lossy[:len(lossy) // 4 * 2]
    refuse("cut-half-and-size-put-right.webp", half[:4] + struct.pack("<I", len(half) - 8) + half[8:])
    refuse("lossless-cut-half.webp", lossless[:len(lossless) // 2])


def box(kind, content):
    return struct.pack(">I", 8 + len(content)) + kind + content


def make_refused(add, rgb):
    """Only their names are wanted; what is behind the first bytes does not matter."""
    def named(name, content, what, **told):
        add(name, content, refusal=f"this is {what}", engine="unsupported-image", shown=False, **told)

    brand = lambda kind: box(b"ftyp", kind + bytes(4) + kind) + box(b"mdat", bytes(500))
    named("a.heic", brand(b"heic"), "a HEIC picture")
    named("b.heic", brand(b"mif1"), "a HEIC picture")
    named("a.avif", brand(b"avif"), "an AVIF picture")
    named("a.mp4", brand(b"isom"), "a video")
    named("a.mov", brand(b"qt  "), "a video")
    named("a.cr3", brand(b"crx "), "a camera's raw file")
    named("cut.avif", brand(b"avif")[:200], "an AVIF picture", page="refusal", page_refusal="cut short")
    named("cut.heic", brand(b"heic")[:200], "a HEIC picture", page="refusal", page_refusal="cut short")
    named("a.tif", encode(rgb, "TIFF"), "a TIFF picture")
    named("a.jp2", encode(rgb, "JPEG2000"), "a JPEG 2000 picture")
    named("a.jxl", b"\xff\x0a" + bytes(99), "a JPEG XL picture")
    named("a.psd", b"8BPS\0\1" + bytes(99), "a Photoshop document")
    named("a.pdf", b"%PDF-1.7\n" + bytes(99), "a PDF document")
    named("a.zip", b"PK\3\4" + bytes(99), "a ZIP archive")
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><circle cx="99" cy="99" r="70"/></svg>'
    # The page draws it: formats.spec.js looks at how.
    named("a.svg", drawing, "an SVG drawing", page="shown")
    named("declared.svg", b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by hand -->\n' + drawing, "an SVG drawing",
          page="shown")
    named("doctype.svg", b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">' + drawing, "an SVG drawing", page="shown")
    named("page.jpg", b"\n<!DOCTYPE html><html><body>Not found</body></html>", "a web page")
    named("page-2.jpg", b"<HTML><head><title>Sign in</title></head></HTML>", "a web page")
    add("empty.jpg", b"", refusal="file is empty", engine="unsupported-image", shown=False)
    for name, content in (("message.jpg", b"404 Not Found"), ("message.json.jpg", b'{"error": "not found"}'),
                          ("error.xml.jpg", b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>')):
        add(name, content, refusal="this is text, not a picture", engine="unsupported-image", shown=False)
    named("page-3.jpg", b"<meta charset=utf-8><title>Sign in</title>", "a web page")
    named("big.tif", b"II+\0\x08\0\0\0" + bytes(99), "a TIFF picture")
    add("text.txt", b"Dear diary, today I was mistaken for a photograph.\n", refusal="not a picture",
        engine="unsupported-image", shown=False)
    add("zeros.jpg", bytes(5000), refusal="not a picture", engine="unsupported-image", shown=False)
    add("icon.ico", encode(rgb, "ICO", sizes=[(96, 72)]), None, refusal="this is an icon", engine="unsupported-image",
        page="shown")


def make(add):
    rgb = scene()
    make_webp(add, rgb)
    make_refused(add, rgb)
