#!/usr/bin/python3
"""Holds the C code's pixels against Pillow's, byte by byte, by way of the program `pixels`: JPEGs decoded, turned as EXIF
says, and resized as torchvision does.

    test_pixels.py PIXELS [PHOTOGRAPH...]

Pictures are made of waves and noise. Orientation is Pillow's ImageOps.exif_transpose.
"""
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import numpy as np  # noqa: E402
from PIL import Image, ImageOps  # noqa: E402

import reference  # noqa: E402

# Width and height: single pixels, rows and columns, strips, primes, sizes beside 256 and its multiples, halves.
SIZES = [
    (1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (1, 7), (7, 1), (1, 255), (300, 1), (1, 3001), (3000, 1), (3000, 2),
    (3, 3000), (3000, 17), (29, 3000), (3000, 231), (5, 5), (7, 5), (13, 31), (64, 48), (97, 89), (100, 100),
    (127, 255),
    (223, 224), (224, 224), (225, 223), (255, 256), (256, 255), (256, 256), (257, 256), (256, 259), (261, 256),
    (255, 255), (257, 257), (300, 200), (300, 201), (333, 999), (375, 500), (500, 375), (511, 512), (513, 511),
    (512, 512), (601, 401), (640, 427), (683, 1024), (768, 512), (1000, 313), (1023, 769), (1280, 853), (1531, 1021),
    (1600, 1200), (2048, 1363), (2560, 1441),
]
# What pictures are scaled to: thumbnails, the network's input, one pixel, rows and columns, and larger than they are.
TARGETS = [(1, 1), (3, 2), (17, 1), (1, 19), (224, 224), (256, 171), (320, 240), (611, 407), (641, 33)]


def made(width, height, seed):
    """Waves with noise on top, so that a shift by one pixel and a wrong rounding show."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x * a + y * b + c) for a, b, c in random.uniform(0.01, 0.5, (3, 3))]
    values = 128 + 90 * np.stack(waves, 2) + random.normal(0, 40, (height, width, 3))
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


class Pixels:
    """The program, which answers one order after the other."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, order):
        """-> an array, and the EXIF orientation of what is stored; or the sentence with which it was refused"""
        self.process.stdin.write(order.encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode()
        numbers = line.split()
        if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
            return line.strip(), None
        width, height, orientation = map(int, numbers)
        pixels = self.process.stdout.read(width * height * 3)
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3), orientation

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()


class LikePillow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pixels = Pixels(cls.program)
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        assert cls.pixels.close() == 0

    def kept(self, image, form="png", **options):
        path = os.path.join(self.folder.name, f"picture.{form}")
        image.save(path, **options)
        return path

    def assert_equal(self, order, expected):
        pixels, _ = self.pixels.ask(order)
        expected = np.asarray(expected)
        with self.subTest(order):
            self.assertIsInstance(pixels, np.ndarray, pixels)
            self.assertEqual(pixels.shape, expected.shape)
            apart = np.count_nonzero(pixels != expected)
            self.assertEqual(apart, 0, f"{apart} of {pixels.size} bytes differ")

    def assert_crop(self, path, image):
        self.assert_equal(f"crop {path}", reference.crop(image))

    def assert_scales(self, path, image, targets=TARGETS):
        for width, height in targets:
            self.assert_equal(f"scale {width} {height} {path}", image.resize((width, height), Image.BILINEAR))

    def assert_photograph(self, path, targets):
        """A file decoded, cropped and scaled; -> its size as it is shown"""
        with Image.open(path) as file:
            self.assert_equal(f"stored {path}", file.convert("RGB"))
            shown = ImageOps.exif_transpose(file).convert("RGB")
        self.assert_crop(path, shown)
        self.assert_scales(path, shown, targets)
        return shown.size

    def test_png(self):
        self.assertGreater(len(set(SIZES)), 50)
        for seed, size in enumerate(SIZES):
            image = made(*size, seed)
            path = self.kept(image)
            self.assert_crop(path, image)
            smaller = size[0] * 3 // 5 + 1, size[1] * 2 // 3 + 1
            self.assert_scales(path, image, [TARGETS[seed % len(TARGETS)], smaller])
            if size[0] * size[1] < 10000:
                self.assert_scales(path, image, [(size[0] + 1, size[1] * 3 + 2)])

    def test_every_target(self):
        image = made(613, 409, 99)
        self.assert_scales(self.kept(image), image)

    def test_alpha_is_laid_over_white_first(self):
        for seed, size in enumerate(SIZES[::5]):
            image = made(*size, seed)
            image.putalpha(made(*size, seed + 100).convert("L"))
            path = self.kept(image)
            flat = Image.fromarray(self.pixels.ask(f"stored {path}")[0])
            self.assertEqual(flat.size, size)
            self.assert_crop(path, flat)
            self.assert_scales(path, flat, [TARGETS[seed % len(TARGETS)]])

    def test_orientations(self):
        for seed, size in enumerate([(613, 409), (401, 653), (24, 16), (31, 1500), (1024, 768), (256, 300), (1, 9)]):
            for orientation in range(1, 9):
                exif = Image.Exif()
                exif[0x0112] = orientation
                image = made(*size, 1000 + seed)
                path = self.kept(image, "jpg", exif=exif, quality=90)
                shown = self.assert_photograph(path, TARGETS[seed % 3 :: 3])
                self.assertEqual(shown, size if orientation < 5 else size[::-1])

    def test_turning_is_not_turning_back(self):
        """The passes' order matters, or the test above would not see a wrong one."""
        image = made(613, 409, 7)
        first = image.transpose(Image.TRANSPOSE).resize((224, 320), Image.BILINEAR)
        second = image.resize((320, 224), Image.BILINEAR).transpose(Image.TRANSPOSE)
        self.assertNotEqual(first.tobytes(), second.tobytes())

    def test_jpeg(self):
        for seed, size in enumerate(SIZES):
            if size[0] * size[1] > 300000:
                continue
            image = made(*size, 2000 + seed)
            for subsampling in (0, 1, 2):
                for quality in (30, 95):
                    path = self.kept(image, "jpg", subsampling=subsampling, quality=quality, progressive=seed % 2 == 0)
                    self.assert_equal(f"stored {path}", Image.open(path))
            for mode in ("L", "CMYK"):
                path = self.kept(image.convert(mode), "jpg", quality=80)
                self.assert_equal(f"stored {path}", Image.open(path).convert("RGB"))

    def test_rare_samplings(self):
        for seed, size in enumerate([(1, 1), (5, 3), (17, 33), (64, 48), (301, 199)]):
            source = self.kept(made(*size, 3000 + seed), "ppm")
            for options in ("-sample 1x2", "-sample 4x1", "-sample 4x2", "-sample 1x4", "-rgb"):
                path = os.path.join(self.folder.name, "picture.jpg")
                subprocess.run(["cjpeg", *options.split(), "-outfile", path, source], check=True)
                self.assert_equal(f"stored {path}", Image.open(path).convert("RGB"))

    def test_photographs(self):
        for path in self.photographs:
            self.assert_photograph(path, [(256, 171), (224, 224)])

    def test_what_is_too_narrow_is_refused(self):
        self.assertIn("too narrow", self.pixels.ask(f"crop {self.kept(Image.new('RGB', (100000, 1)), 'ppm')}")[0])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    LikePillow.program, *LikePillow.photographs = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
