#!/usr/bin/python3
"""Tests of reference.py: against the golden arrays, which another implementation computed, and against plain sums."""
import hashlib
import json
import os
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import numpy as np  # noqa: E402

import reference  # noqa: E402

GOLDEN_WEIGHTS = "6c0aea8ea37f916fed7e07cdc4d1ab81471e43547db15d0f365e0e6c0b57f83a"


class AgainstGolden(unittest.TestCase):
    """Fails, and is not skipped, where the golden files or the assets are missing: then nothing was compared."""

    @classmethod
    def setUpClass(cls):
        try:
            folder, about = reference.golden()
            cls.assets = reference.assets()
        except reference.Missing as error:
            raise AssertionError(str(error)) from None
        cls.images = about["images"]
        cls.arrays = {}
        for name, dtype in (("pixels", "u1"), ("pooled", "<f4"), ("logits", "<f4")):
            values = np.fromfile(os.path.join(folder, about[name]["file"]), dtype)
            cls.arrays[name] = values.reshape(about[name]["shape"])
        cls.pixels = [
            reference.pixels(os.path.join(cls.assets, "caltech101", "101_ObjectCategories", name)) for name in cls.images
        ]

    def test_there_is_something_to_compare(self):
        self.assertGreaterEqual(len(self.images), 24)

    def test_pixels_are_the_golden_ones_bit_for_bit(self):
        for name, mine, golden in zip(self.images, self.pixels, self.arrays["pixels"]):
            with self.subTest(name):
                self.assertEqual(int(np.abs(mine.astype(int) - golden).max()), 0)

    def test_features_and_logits_are_the_golden_ones(self):
        weights = os.path.join(self.assets, "resnet18", "model.safetensors")
        with open(weights, "rb") as file:
            sha = hashlib.sha256(file.read()).hexdigest()
        self.assertEqual(sha, GOLDEN_WEIGHTS, "the golden arrays were computed with other weights than these")
        network = reference.ResNet18(weights)
        for i, name in enumerate(self.images):
            with self.subTest(name):
                for mine, golden in zip(network(self.pixels[i]), (self.arrays["pooled"][i], self.arrays["logits"][i])):
                    golden = golden.astype(np.float64)
                    self.assertGreater(reference.cosine(mine, golden), 1 - 1e-11)
                    self.assertLess(np.abs(mine - golden).max(), 2e-5)


class AgainstPlainSums(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(1)

    def test_resize_cuts_the_long_side(self):
        for size, expected in (
            ((300, 200), (384, 256)),
            ((200, 301), (256, 385)),  # 385.28
            ((3960, 1532), (661, 256)),  # 661.7: cut, not rounded
            ((256, 256), (256, 256)),
            ((255, 257), (256, 258)),
        ):
            self.assertEqual(reference.resized(*size), expected)

    def test_crop_rounds_halves_to_even(self):
        self.assertEqual([reference.crop_offset(n) for n in (256, 257, 258, 259, 385)], [16, 16, 17, 18, 80])

    def test_convolution(self):
        for stride, padding, kernel in ((1, 0, 1), (1, 1, 3), (2, 1, 3), (2, 3, 7), (2, 0, 1)):
            with self.subTest(stride=stride, padding=padding, kernel=kernel):
                x, w = self.random.normal(size=(3, 9, 8)), self.random.normal(size=(4, 3, kernel, kernel))
                y = reference.convolve(x, w, stride, padding)
                self.assertEqual(y.shape, tuple([4] + [(n + 2 * padding - kernel) // stride + 1 for n in x.shape[1:]]))
                for o, row, column in np.ndindex(y.shape):
                    total = 0.0
                    for c, i, j in np.ndindex(w.shape[1:]):
                        at = row * stride + i - padding, column * stride + j - padding
                        if 0 <= at[0] < x.shape[1] and 0 <= at[1] < x.shape[2]:
                            total += w[o, c, i, j] * x[c][at]
                    self.assertAlmostEqual(y[o, row, column], total, 12)

    def test_pooling(self):
        for size in (8, 9):
            x = self.random.normal(size=(2, size, size)) - 5
            y = reference.max_pool(x)
            self.assertEqual(y.shape, (2, (size + 1) // 2, (size + 1) // 2))
            for c, i, j in np.ndindex(y.shape):
                window = x[c, max(0, 2 * i - 1) : 2 * i + 2, max(0, 2 * j - 1) : 2 * j + 2]
                self.assertEqual(y[c, i, j], window.max())

    def test_batch_norm_with_statistics_of_its_own(self):
        # the development weights have batch norm folded in already, so the golden arrays say nothing about it
        network = reference.ResNet18.__new__(reference.ResNet18)
        network.tensors = {"n.weight": [3.0], "n.bias": [0.5], "n.running_mean": [2.0], "n.running_var": [4e-5]}
        network.tensors = {name: np.array(value) for name, value in network.tensors.items()}
        y = network.norm(np.array([[[2.0, 2.1]]]), "n")
        np.testing.assert_allclose(y[0, 0], [0.5, 3 * 0.1 / 5e-5**0.5 + 0.5], rtol=1e-12)

    def test_weights_that_are_not_aligned(self):
        for pad in range(4):
            header = json.dumps({"a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [8, 16]},
                                 "n": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}}) + " " * pad
            with tempfile.NamedTemporaryFile() as file:
                file.write(struct.pack("<Q", len(header)) + header.encode() + struct.pack("<qff", 1, 2.5, -3))
                file.flush()
                tensors = reference.read_safetensors(file.name)
            self.assertEqual({name: value.tolist() for name, value in tensors.items()}, {"a": [[2.5], [-3.0]]})


if __name__ == "__main__":
    unittest.main()
