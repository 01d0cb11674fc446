#!/usr/bin/python3
"""Tests of reference.py and arrays.py: convolution, pooling and batch norm against plain sums, crops against their known
checksum, and the arrays against golden ones that another implementation computed, where those are at hand: in
$HEYBAGH_GOLDEN, else in ../shared/golden beside the checkout. Those belong to the development weights; a note says what
could not be compared with them."""
import hashlib
import json
import os
import shutil
import struct
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
import numpy as np  # noqa: E402

import arrays  # noqa: E402
import reference  # noqa: E402


class Crops(unittest.TestCase):
    def test_they_have_the_known_checksum(self):
        """It is that of the golden arrays' pixels. It depends on the pictures and on Pillow, not on the weights."""
        assets = reference.assets()
        stages, _ = arrays.chosen(assets)
        crops = [reference.pixels(os.path.join(assets, name)) for name in stages]
        sha = hashlib.sha256(b"".join(crop.tobytes() for crop in crops)).hexdigest()
        self.assertEqual(sha, arrays.listed()["stages_pixels_sha256"])


def golden_folder():
    return os.environ.get("HEYBAGH_GOLDEN") or os.path.join(reference.ROOT, "..", "shared", "golden")


class GoldenPixels(unittest.TestCase):
    """The arrays in the cache, which hold what the reference computes, against the golden ones."""

    @classmethod
    def setUpClass(cls):
        cls.about, cls.golden = arrays.read(golden_folder())
        own, cls.mine = arrays.read(arrays.folder_of(reference.assets(), arrays.cache()))
        assert own["images"] == cls.about["images"], "pictures.json and golden.json name different pictures"

    def test_there_is_something_to_compare(self):
        self.assertGreaterEqual(len(self.about["images"]), 24)

    def test_pixels_are_the_golden_ones_bit_for_bit(self):
        np.testing.assert_array_equal(self.mine["pixels"], self.golden["pixels"])


class GoldenFeatures(GoldenPixels):
    def test_features_and_logits_are_the_golden_ones(self):
        for key in ("pooled", "logits"):
            for name, mine, golden in zip(self.about["images"], self.mine[key], self.golden[key]):
                with self.subTest(f"{key} of {name}"):
                    mine, golden = mine.astype(np.float64), golden.astype(np.float64)
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


class Arrays(unittest.TestCase):
    """What arrays.py keeps, with one picture of each kind, in a cache and with assets of its own."""

    @classmethod
    def setUpClass(cls):
        found = reference.assets()
        stages, embedded = arrays.chosen(found)
        cls.computed = arrays.compute(found, stages[:1], embedded[-1:])

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.cache, self.assets = os.path.join(temporary.name, "cache"), os.path.join(temporary.name, "assets")
        found = reference.assets()
        stages, embedded = arrays.chosen(found)
        self.pictures = stages[:1], embedded[-1:]
        for name in [arrays.WEIGHTS, stages[0], embedded[-1]]:
            os.makedirs(os.path.dirname(os.path.join(self.assets, name)), exist_ok=True)
            shutil.copyfile(os.path.join(found, name), os.path.join(self.assets, name))
        self.folder = self.made()

    def made(self):
        """The folder; what compute() returns is known by now."""
        with mock.patch("sys.stderr"), mock.patch("arrays.compute", return_value=self.computed):
            return arrays.folder_of(self.assets, self.cache, self.pictures)

    def flip_a_bit(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1]))

    def test_they_hold_what_the_reference_computes(self):
        about, kept = arrays.read(self.folder)
        network = reference.ResNet18(os.path.join(self.assets, arrays.WEIGHTS))
        crop = reference.pixels(os.path.join(self.assets, self.pictures[0][0]))
        pooled, logits = network(crop)
        np.testing.assert_array_equal(kept["pixels"], [crop])
        np.testing.assert_array_equal(kept["pooled"], [pooled.astype("f4")])
        np.testing.assert_array_equal(kept["layer3"], [network.features(crop)[512:].astype("f4")])
        np.testing.assert_array_equal(kept["logits"], [logits.astype("f4")])
        crop = reference.pixels(os.path.join(self.assets, self.pictures[1][0]))
        np.testing.assert_array_equal(kept["embedded_logits"], [network(crop)[1].astype("f4")])
        self.assertEqual(os.path.join(arrays.CALTECH, about["images"][0]), self.pictures[0][0])

    def test_they_are_kept(self):
        with mock.patch("arrays.write", side_effect=AssertionError("made again")):
            self.assertEqual(self.made(), self.folder)

    def test_damaged_ones_are_made_again(self):
        whole = {name: arrays.sha256_of(os.path.join(self.folder, name)) for name in os.listdir(self.folder)}
        self.assertEqual(len(whole), 7)
        for name in whole:
            for damage in (lambda path: self.flip_a_bit(path, 3), os.remove):
                with self.subTest(name):
                    damage(os.path.join(self.folder, name))
                    self.assertEqual(self.made(), self.folder)
                    self.assertEqual(arrays.sha256_of(os.path.join(self.folder, name)), whole[name])

    def test_other_weights_or_pictures_have_others(self):
        folders = {self.folder}
        for name in (arrays.WEIGHTS, self.pictures[0][0], self.pictures[1][0]):
            path = os.path.join(self.assets, name)
            self.flip_a_bit(path, os.path.getsize(path) - 1000)
            folders.add(self.made())
        self.assertEqual(len(folders), 4)

    def test_what_is_missing_is_named(self):
        os.remove(os.path.join(self.assets, self.pictures[0][0]))
        with self.assertRaisesRegex(reference.Missing, "image_.*jpg: No such file"):
            self.made()


def main():
    cases = [Crops, AgainstPlainSums, Arrays]
    if not os.path.isdir(golden_folder()) and "HEYBAGH_GOLDEN" not in os.environ:
        print("note: there are no golden arrays of another implementation here, so the reference is held against its "
              "own tests and, by the next ones, against the C code")
    elif reference.kind_of_weights(reference.assets()) != "development":
        print("note: the golden arrays belong to the development weights and these are others, so only pixels are "
              "compared with them")
        cases.append(GoldenPixels)
    else:
        cases.append(GoldenFeatures)
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    result = unittest.TextTestRunner().run(unittest.TestSuite(load(case) for case in cases))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except reference.Missing as error:
        sys.exit(f"test_reference: {error}")
