#!/usr/bin/python3
"""Holds the C code's resizing against Pillow's, byte by byte, by way of the program `resized`.

    test_resize.py RESIZED [PHOTOGRAPH...]

Pictures are made of waves and noise, and kept as PNG and JPEG. JPEG decoders differ, so of a JPEG, and of each
PHOTOGRAPH, Pillow gets the pixels that the C code decoded. Orientation is Pillow's, too: ImageOps.exif_transpose.
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
    (3, 3000), (3000, 17), (29, 3000), (3000, 231), (5, 5), (7, 5), (13, 31), (64, 48), (97, 89), (100, 100), (127, 255),
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


class Resized:
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
        cls.resized = Resized(cls.program)
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        assert cls.resized.close() == 0

    def kept(self, image, form="png", **options):
        path = os.path.join(self.folder.name, f"picture.{form}")
        image.save(path, **options)
        return path

    def assert_equal(self, order, expected):
        pixels, _ = self.resized.ask(order)
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

    def as_decoded(self, path):
        """The picture as it is shown, of pixels that the C code decoded, turned by Pillow."""
        stored, orientation = self.resized.ask(f"stored {path}")
        image = Image.fromarray(stored)
        image.getexif()[0x0112] = orientation
        return ImageOps.exif_transpose(image), orientation

    def test_png(self):
        self.assertGreater(len(set(SIZES)), 50)
        for seed, size in enumerate(SIZES):
            image = made(*size, seed)
            path = self.kept(image)
            self.assert_crop(path, image)
            self.assert_scales(path, image, [TARGETS[seed % len(TARGETS)], (size[0] * 3 // 5 + 1, size[1] * 2 // 3 + 1)])
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
            flat, _ = self.as_decoded(path)
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
                shown, found = self.as_decoded(path)
                self.assertEqual(found, orientation)
                self.assertEqual(shown.size, size if orientation < 5 else size[::-1])
                self.assert_crop(path, shown)
                self.assert_scales(path, shown, TARGETS[seed % 3 :: 3])

    def test_turning_is_not_turning_back(self):
        """The passes' order matters: of a turned picture the resized is not the turned of the resized, or the test above
        would not see a wrong order."""
        image = made(613, 409, 7)
        turned = image.transpose(Image.TRANSPOSE).resize((224, 320), Image.BILINEAR)
        self.assertNotEqual(turned.tobytes(), image.resize((320, 224), Image.BILINEAR).transpose(Image.TRANSPOSE).tobytes())

    def test_photographs(self):
        for path in self.photographs:
            shown, _ = self.as_decoded(path)
            self.assert_crop(path, shown)
            self.assert_scales(path, shown, [(256, 256 * shown.height // shown.width), (224, 224)])

    def test_what_is_too_narrow_is_refused(self):
        self.assertIn("too narrow", self.resized.ask(f"crop {self.kept(Image.new('RGB', (100000, 1)), 'ppm')}")[0])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    LikePillow.program, *LikePillow.photographs = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
