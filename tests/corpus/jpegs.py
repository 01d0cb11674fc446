"""JPEGs: every kind, and what cameras, messengers, capture devices and broken disks make of them."""
import io
import struct
import subprocess

import numpy
from PIL import Image

from scene import HEIGHT, WIDTH, encode, exif, image, scene, stored, from_row

QUALITY = 93
SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def cjpeg(rgb, *options):
    """libjpeg-turbo's own program has what Pillow does not offer."""
    command = ["cjpeg", "-quality", str(QUALITY), *options]
    return subprocess.run(command, input=encode(rgb, "PPM"), stdout=subprocess.PIPE, check=True).stdout


def pillow(content):
    """What libjpeg shows of a file, damaged or not."""
    return numpy.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def segments(jpeg):
    """(marker, bytes); the last one is the first scan with all that follows."""
    at = 2
    while True:
        marker = jpeg[at + 1]
        if marker == 0xda:
            yield marker, jpeg[at:]
            return
        end = at + 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        yield marker, jpeg[at:end]
        at = end


def segment(marker, body=b""):
    return bytes([0xff, marker]) + struct.pack(">H", len(body) + 2) + body


def without(jpeg, *markers):
    return SOI + b"".join(content for marker, content in segments(jpeg) if marker not in markers)


def before(jpeg, marker, inserted):
    """Inserts in front of each segment with this marker."""
    return SOI + b"".join((inserted if m == marker else b"") + content for m, content in segments(jpeg))


def replaced(jpeg, marker, change):
    return SOI + b"".join(change(content) if m == marker else content for m, content in segments(jpeg))


def behind_start(jpeg, inserted):
    return SOI + inserted + jpeg[2:]


def restart(jpeg, number):
    """Where this restart marker is, or the last one."""
    at = [i for i in range(len(jpeg) - 1) if jpeg[i] == 0xff and 0xd0 <= jpeg[i + 1] <= 0xd7]
    return at[min(number, len(at) - 1)]


def flip_bytes(content, at, count):
    """Changes bytes of the data, but none that is or becomes a marker."""
    out = bytearray(content)
    while count and at + 2 < len(out):
        if 0xff not in (out[at - 1], out[at], out[at] ^ 0x5a):
            out[at] ^= 0x5a
            count -= 1
        at += 1
    return bytes(out)


# ---- A small encoder of what no program here writes: first coefficients only, so that each block is one shade


def code_table(kind, count):
    """All values 0 to count - 1 with codes of 5 bits, or the single value with one of 1 bit."""
    bits = [0] * 16
    bits[4 if count > 1 else 0] = count
    return segment(0xc4, bytes([kind]) + bytes(bits) + bytes(range(count)))


def magnitudes(values):
    """Differences as T.81 codes them: a 5-bit category and its bits."""
    out = ""
    for value in values:
        size = abs(int(value)).bit_length()
        out += f"{size:05b}"
        if size:
            out += f"{int(value) if value > 0 else int(value) + (1 << size) - 1:0{size}b}"
        yield out
        out = ""


def stuffed(bits):
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def shades(marker, precision, values, height, width):
    """One component. Of DCT each value is a block's first coefficient behind quantization by 1, and its other ones are
    none; of a lossless JPEG each is a pixel, of which the left one is taken."""
    is_lossless = marker == 0xc3
    frame = segment(marker, struct.pack(">BHHB", precision, height, width, 1) + b"\1\x11\0")
    differences = numpy.diff(values.astype(int).ravel(), prepend=0)
    if is_lossless:
        rows = values.astype(int)
        differences = numpy.diff(rows, axis=1, prepend=numpy.concatenate([[1 << (precision - 1)], rows[:-1, 0]])[:, None])
    codes = "".join(code + ("" if is_lossless else "0") for code in magnitudes(differences.ravel()))
    tables = code_table(0, 17 if is_lossless else precision + 4) + (b"" if is_lossless else code_table(0x10, 1))
    start = segment(0xda, b"\1\1\0" + (b"\1\0\0" if is_lossless else b"\0\x3f\0"))
    return SOI + segment(0xdb, b"\0" + b"\1" * 64) + frame + tables + start + stuffed(codes) + EOI


def make_kinds(add, rgb):
    grey = image(rgb).convert("L")
    grey_rgb = numpy.asarray(grey.convert("RGB"))
    add("plain.jpg", cjpeg(rgb), rgb)
    for factors in ("1x1", "2x1", "1x2", "2x2", "4x1", "4x2", "1x4"):
        add(f"sampling-{factors}.jpg", cjpeg(rgb, "-sample", factors), rgb)
    add("grey.jpg", encode(grey, "JPEG", quality=QUALITY), grey_rgb)
    add("grey-progressive.jpg", encode(grey, "JPEG", quality=QUALITY, progressive=True), grey_rgb)
    add("grey-2x2.jpg", cjpeg(rgb, "-grayscale", "-sample", "2x2"), grey_rgb)
    add("rgb.jpg", cjpeg(rgb, "-rgb"), rgb)
    add("optimized.jpg", cjpeg(rgb, "-optimize"), rgb)
    add("progressive.jpg", cjpeg(rgb, "-progressive"), rgb)
    add("progressive-restarts.jpg", cjpeg(rgb, "-progressive", "-restart", "2"), rgb)
    add("restarts-of-rows.jpg", cjpeg(rgb, "-restart", "1"), rgb)
    add("restarts-of-blocks.jpg", cjpeg(rgb, "-restart", "3B"), rgb)
    plain = cjpeg(rgb)
    add("extended.jpg", plain.replace(b"\xff\xc0", b"\xff\xc1", 1), rgb)
    wide = replaced(plain, 0xdb, lambda s: segment(0xdb, bytes([0x10 | s[4]]) + b"".join(b"\0" + bytes([v]) for v in s[5:69])))
    add("tables-of-16-bits.jpg", wide.replace(b"\xff\xc0", b"\xff\xc1", 1), rgb)
    with open_script("0;1;2;") as script:
        add("a-scan-a-colour.jpg", cjpeg(rgb, "-scans", script), rgb)
    with open_script("2;0 1;") as script:
        add("two-scans.jpg", cjpeg(rgb, "-scans", script), rgb)
    with open_script("0,1,2:0-0,0,0;1:1-63,0,0;2:1-63,0,0;0:1-5,0,0;0:6-63,0,0;") as script:
        add("progressive-brightness-last.jpg", cjpeg(rgb, "-scans", script), rgb)
    ink = image(rgb).convert("CMYK")
    inks = encode(ink, "JPEG", quality=QUALITY)
    add("inks.jpg", inks, rgb)
    add("inks-no-adobe.jpg", without(inks, 0xee), rgb)
    add("inks-progressive-no-adobe.jpg", without(encode(ink, "JPEG", quality=QUALITY, progressive=True), 0xee), rgb)
    add("inks-one-id.jpg", with_ids(inks, b"\1\1\1\1"), rgb, engine="corrupt-image")
    add("colours-one-id.jpg", with_ids(cjpeg(rgb, "-sample", "1x1"), b"\1\1\1"), rgb, engine="corrupt-image")
    add("inks-two-ids.jpg", with_ids(inks, b"\1\1\2\2"), rgb, engine="corrupt-image")
    add("inks-named.jpg", with_ids(without(inks, 0xee), b"CMYK"), rgb)
    add("rgb-ids-of-jfif.jpg", with_ids(cjpeg(rgb), b"RGB"), rgb, engine="corrupt-image")  # its colours are JFIF's
    for width, height in ((1, 1), (8, 8), (9, 7), (WIDTH - 3, HEIGHT - 1), (16, 200)):
        top, left = (0, 0) if width > 300 else (HEIGHT // 12, WIDTH * 3 // 8)
        small = rgb[top:top + height, left:left + width]
        options = () if width > 300 else ("-quality", "100", "-sample", "1x1")
        content = cjpeg(small, *options)
        add(f"size-{width}x{height}.jpg", content, pillow(content), tolerance=0)

    # rare kinds, which are not damaged
    add("arithmetic.jpg", cjpeg(rgb, "-arithmetic"), rgb, engine="unsupported-image")
    add("arithmetic-progressive.jpg", cjpeg(rgb, "-arithmetic", "-progressive"), rgb, engine="unsupported-image")
    block_greys = grey_rgb[::8, ::8, 0].astype(int)
    rare = "a JPEG of a rare kind ({}), which cannot be read"
    add("12-bits.jpg", shades(0xc1, 12, (block_greys - 128) * 16 * 8, HEIGHT, WIDTH),
        refusal=rare.format("more than 8 bits a colour"), engine="unsupported-image")
    add("lossless.jpg", shades(0xc3, 8, grey_rgb[..., 0], HEIGHT, WIDTH), refusal=rare.format("lossless"),
        engine="unsupported-image")
    add("lossless-16-bits.jpg", shades(0xc3, 16, grey_rgb[..., 0].astype(int) * 200, HEIGHT, WIDTH),
        refusal=rare.format("lossless"), engine="unsupported-image")
    blocks = shades(0xc0, 8, (block_greys - 128) * 8, HEIGHT, WIDTH)
    flat = numpy.repeat(numpy.repeat(block_greys, 8, 0), 8, 1)[..., None].repeat(3, 2).astype("uint8")
    add("first-coefficients.jpg", blocks, flat, tolerance=1)
    add("jpeg-ls.jpg", shades(0xc0, 8, block_greys, HEIGHT, WIDTH).replace(b"\xff\xc0", b"\xff\xf7", 1),
        refusal=rare.format("JPEG-LS"), engine="unsupported-image")
    add("hierarchical.jpg", plain.replace(b"\xff\xc0", b"\xff\xc5", 1), refusal=rare.format("hierarchical"),
        engine="unsupported-image")


def open_script(text):
    import tempfile
    folder = tempfile.TemporaryDirectory()

    class Script:
        def __enter__(self):
            path = folder.name + "/scans"
            with open(path, "w") as file:
                file.write(text)
            return path

        def __exit__(self, *_):
            folder.cleanup()

    return Script()


def with_ids(jpeg, ids):
    """The components have these numbers."""
    def of_frame(content):
        body = bytearray(content)
        for i in range(body[9]):
            body[10 + 3 * i] = ids[i]
        return bytes(body)

    def of_scan(content):
        body = bytearray(content)
        for i in range(body[4]):
            body[5 + 2 * i] = ids[i]
        return bytes(body)

    return replaced(replaced(jpeg, 0xc0, of_frame), 0xda, of_scan)


def make_ends(add, rgb):
    plain, progressive, restarts = cjpeg(rgb), cjpeg(rgb, "-progressive"), cjpeg(rgb, "-restart", "1")
    noise = bytes((i * 7919 >> 4) & 255 for i in range(30000))
    film = b"\0\0\0\x18ftypmp42" + noise
    add("motion-photo.jpg", plain + b"MotionPhoto_Data" + film, rgb)
    add("film-behind.jpg", plain + film, rgb)
    add("second-jpeg.jpg", plain + cjpeg(rgb[::-1]), rgb)
    add("zeros-behind.jpg", plain + bytes(4096), rgb)
    other = io.BytesIO()
    image(rgb).save(other, "MPO", save_all=True, append_images=[image(rgb[::-1])], quality=QUALITY)
    add("mpo.jpg", other.getvalue(), rgb)
    samsung = b"\0\0\1\x0a" + b"Image_UTC_Data1400000000000" + b"SEFH" + bytes(24) + b"SEFT"
    add("samsung-no-end.jpg", plain[:-2] + samsung, rgb)
    add("no-end.jpg", plain[:-2], rgb)
    add("no-end-1.jpg", plain[:-1], rgb)
    add("no-end-restarts.jpg", restarts[:-2], rgb)
    add("no-end-grey.jpg", encode(image(rgb).convert("L"), "JPEG", quality=QUALITY)[:-2], pillow(encode(image(rgb).convert("L"), "JPEG", quality=QUALITY)))
    add("no-end-progressive.jpg", progressive[:-2], rgb)
    with open_script("0;1;2;") as script:
        add("no-end-a-scan-a-colour.jpg", cjpeg(rgb, "-scans", script)[:-2], rgb, shown=False)
    add("two-ends.jpg", plain + EOI, rgb)
    add("less-12.jpg", plain[:-12], rgb, tolerance=3)
    add("less-12-with-end.jpg", plain[:-14] + EOI, rgb, tolerance=3)

    def cut_after(rows):
        """The first rows of blocks: what cjpeg writes of them is how the whole begins."""
        return cjpeg(rgb[:rows], "-sample", "1x1")[:-2].replace(struct.pack(">HH", rows, WIDTH), struct.pack(">HH", HEIGHT, WIDTH), 1)

    for rows in (216, 184):
        add(f"{rows}-rows.jpg", cut_after(rows), from_row(rgb, rows))
        add(f"{rows}-rows-with-end.jpg", cut_after(rows) + EOI, from_row(rgb, rows, 128))
    add("168-rows.jpg", cut_after(168), refusal="less than three quarters")
    add("168-rows-with-end.jpg", cut_after(168) + EOI, refusal="less than three quarters")
    add("cut-half.jpg", plain[:len(plain) // 2], refusal="less than three quarters")
    add("cut-restarts-half.jpg", restarts[:len(restarts) // 2], refusal="less than three quarters")
    add("cut-restarts-12-of-15.jpg", restarts[:restart(restarts, 11)], from_row(rgb, 12 * 16))
    add("cut-in-header.jpg", plain[:300], refusal="damaged or incomplete")
    add("cut-progressive-8-of-10.jpg", progressive[:len(progressive) * 8 // 10], rgb, tolerance=4)
    add("cut-progressive-2-of-10.jpg", progressive[:len(progressive) * 2 // 10], refusal="less than three quarters")
    add("progressive-end-too-early.jpg", progressive[:len(progressive) * 2 // 10] + EOI, refusal="less than three quarters")


def make_odd(add, rgb):
    plain, progressive = cjpeg(rgb), cjpeg(rgb, "-progressive")
    add("mjpeg.jpg", without(plain, 0xc4), rgb)
    add("mjpeg-avi1.jpg", behind_start(without(plain, 0xc4, 0xe0), segment(0xe0, b"AVI1" + bytes(10))), rgb)
    add("mjpeg-restarts.jpg", without(cjpeg(rgb, "-restart", "1", "-sample", "2x1"), 0xc4), rgb)
    add("mjpeg-no-end.jpg", without(plain, 0xc4)[:-2], rgb)
    grey = encode(image(rgb).convert("L"), "JPEG", quality=QUALITY)
    add("mjpeg-grey.jpg", without(grey, 0xc4), pillow(grey))
    add("fill-bytes.jpg", SOI + b"".join(b"\xff" * 5 + content for _, content in segments(plain)), rgb)
    add("zero-between.jpg", before(plain, 0xdb, b"\xff\0"), rgb, engine="corrupt-image")
    add("zeros-between.jpg", before(plain, 0xdb, bytes(9)), rgb, engine="corrupt-image")
    add("comment-of-no-length.jpg", behind_start(plain, b"\xff\xfe\0\0"), rgb, engine="corrupt-image", shown=False)
    add("comment-too-short.jpg", behind_start(plain, b"\xff\xfe\0\x06hello, world"), rgb, engine="corrupt-image")
    add("empty-segments.jpg", behind_start(plain, segment(0xfe) + segment(0xe5) + segment(0xec)), rgb)
    profile = b"".join(segment(0xe2, b"ICC_PROFILE\0" + bytes([i + 1, 20]) + bytes(65000)) for i in range(20))
    add("large-profile.jpg", behind_start(plain, profile), rgb)
    thumbnail = cjpeg(numpy.ascontiguousarray(rgb[::8, ::8][::-1]))
    add("thumbnail.jpg", behind_start(plain, segment(0xe1, b"Exif\0\0" + exif(b"II", 1) + thumbnail)), rgb)
    add("jfxx-thumbnail.jpg", behind_start(plain, segment(0xe0, b"JFXX\0\x10" + thumbnail)), rgb)
    add("photoshop.jpg", behind_start(plain, segment(0xed, b"Photoshop 3.0\0" + bytes(50000))), rgb)
    add("spectrum-end-0.jpg", replaced(plain, 0xda, lambda s: s[:12] + b"\0" + s[13:]), rgb)
    with_height = replaced(plain, 0xc0, lambda s: s[:5] + b"\0\0" + s[7:])
    add("height-behind-data.jpg", with_height[:-2] + segment(0xdc, struct.pack(">H", HEIGHT)) + EOI,
        refusal="no pixels", engine="corrupt-image")
    adobe = segment(0xee, b"Adobe\0\x64\0\0\0\0\x01")
    add("adobe-ycc.jpg", behind_start(without(plain, 0xe0), adobe), rgb)
    add("adobe-rgb.jpg", behind_start(without(cjpeg(rgb, "-rgb"), 0xe0, 0xee), adobe[:-1] + b"\0"), rgb)
    add("adobe-ycc-rgb-ids.jpg", behind_start(with_ids(without(plain, 0xe0), b"RGB"), adobe), rgb, engine="corrupt-image")
    add("adobe-odd-version.jpg", behind_start(without(plain, 0xe0), segment(0xee, b"Adobe\x01\x64\0\0\0\0\x01")), rgb,
        engine="corrupt-image")
    add("no-jfif.jpg", without(plain, 0xe0), rgb)
    add("restart-behind-last.jpg", cjpeg(rgb, "-restart", "1")[:-2] + b"\xff\xd6" + EOI, rgb)

    # which way up
    for orientation in range(1, 9):
        turned = cjpeg(stored(rgb, orientation))
        order = b"MM" if orientation % 2 else b"II"
        add(f"exif-{orientation}.jpg", behind_start(turned, segment(0xe1, b"Exif\0\0" + exif(order, orientation))), rgb)
    turned = cjpeg(stored(rgb, 6))

    def tagged(*segments_before, of=turned):
        return behind_start(of, b"".join(segments_before))

    six = segment(0xe1, b"Exif\0\0" + exif(b"II", 6))
    xmp = segment(0xe1, b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>')
    add("exif-behind-xmp.jpg", tagged(xmp, six), rgb)
    add("exif-behind-photoshop.jpg", tagged(segment(0xed, b"Photoshop 3.0\0" + bytes(60000)), six), rgb)
    add("exif-far-directory.jpg", tagged(segment(0xe1, b"Exif\0\0" + exif(b"MM", 6, offset=300))), rgb)
    add("exif-0.jpg", tagged(segment(0xe1, b"Exif\0\0" + exif(b"II", 0)), of=plain), rgb)
    add("exif-9.jpg", tagged(segment(0xe1, b"Exif\0\0" + exif(b"II", 9)), of=plain), rgb)
    add("exif-long.jpg", tagged(segment(0xe1, b"Exif\0\0" + exif(b"II", 6, kind=4)), of=plain), rgb)
    add("exif-two.jpg", tagged(segment(0xe1, b"Exif\0\0" + exif(b"II", 1)), six, of=plain), rgb)
    add("exif-xmp-only.jpg", tagged(xmp, of=plain), rgb)
    add("exif-progressive.jpg", behind_start(cjpeg(stored(rgb, 8), "-progressive"),
                                             segment(0xe1, b"Exif\0\0" + exif(b"MM", 8))), rgb)
    add("exif-of-rare-kind.jpg", behind_start(cjpeg(stored(rgb, 6), "-arithmetic"), six), rgb, engine="unsupported-image")
    add("exif-mjpeg.jpg", behind_start(without(turned, 0xc4), six), rgb)


def make_broken(add, rgb):
    plain, progressive, restarts = cjpeg(rgb), cjpeg(rgb, "-progressive"), cjpeg(rgb, "-restart", "1")

    def damage(name, content, **told):
        add(name, content, pillow(content), **told)

    damage("bytes-changed.jpg", flip_bytes(plain, len(plain) // 2, 3))
    damage("bytes-changed-progressive.jpg", flip_bytes(progressive, len(progressive) // 2, 3), engine="corrupt-image")
    damage("bytes-changed-restarts.jpg", flip_bytes(restarts, len(restarts) * 4 // 10, 3))
    damage("bytes-changed-many-restarts.jpg", flip_bytes(cjpeg(rgb, "-restart", "5B"), len(restarts) * 4 // 10, 40))
    hole = plain[:len(plain) // 2] + bytes(len(plain) // 4) + plain[len(plain) * 3 // 4:]
    damage("hole-of-zeros.jpg", hole)
    at = [restart(restarts, number) for number in range(12)]
    damage("restart-missing.jpg", restarts[:at[5]] + restarts[at[5] + 2:], engine="corrupt-image")
    damage("restarts-2-intervals-missing.jpg", restarts[:at[5]] + restarts[at[7]:], engine="corrupt-image")
    damage("restarts-out-of-order.jpg", restarts[:at[5] + 1] + b"\xd1" + restarts[at[5] + 2:], engine="corrupt-image")
    damage("restarts-hole.jpg", restarts[:at[4] + 40] + bytes(at[6] - at[4]) + restarts[at[6] + 40:], engine="corrupt-image")
    add("restarts-half-missing.jpg", restarts[:at[3]] + restarts[at[11]:], refusal="less than three quarters")
    add("restarts-not-announced.jpg", without(restarts, 0xdd), refusal="less than three quarters", engine="corrupt-image")
    add("no-scan.jpg", without(plain, 0xda) + EOI, refusal="damaged or incomplete")
    add("no-quantization.jpg", without(plain, 0xdb), refusal="damaged or incomplete", engine="corrupt-image")
    add("no-codes-progressive.jpg", without(progressive, 0xc4), refusal="damaged or incomplete")
    add("frame-only.jpg", SOI + segment(0xc0, struct.pack(">BHHB", 8, HEIGHT, WIDTH, 1) + b"\1\x11\0") + EOI,
        refusal="damaged or incomplete")
    add("start-only.jpg", b"\xff\xd8\xff", refusal="damaged or incomplete")
    add("two-components.jpg", replaced(plain, 0xc0, lambda s: segment(0xc0, s[4:9] + b"\2" + s[10:16])),
        refusal="damaged or incomplete", engine="corrupt-image")
    add("no-pixels.jpg", replaced(plain, 0xc0, lambda s: s[:7] + b"\0\0" + s[9:]), refusal="no pixels")
    add("enormous.jpg", replaced(plain, 0xc0, lambda s: s[:5] + b"\xff\xdc\xff\xdc" + s[9:]), refusal="megapixels")
    add("claims-too-much.jpg", replaced(plain, 0xc0, lambda s: s[:5] + struct.pack(">HH", 4000, 4000) + s[9:]),
        refusal="less than three quarters")
    add("newline-before.jpg", b"\r\n" + plain, refusal="not a picture")
    damage("lines-converted.jpg", plain.replace(b"\n", b"\r\n"), engine="corrupt-image")


def make(add):
    rgb = scene()
    make_kinds(add, rgb)
    make_ends(add, rgb)
    make_odd(add, rgb)
    make_broken(add, rgb)
