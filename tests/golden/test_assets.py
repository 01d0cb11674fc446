#!/usr/bin/env python3
"""Tests of scripts/assets.sh: weights and pictures in the forms in which they are published come from a server on this
machine into a cache of their own (stdlib only, and the script's own needs). The pictures are empty, the weights zeros."""
import collections
import hashlib
import http.server
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
import zipfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import convert_weights  # noqa: E402
import test_convert  # noqa: E402

TORCHVISION_SHA256 = "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"


def published_pictures():
    """caltech-101.zip, as published, and the MD5 of the tar.gz in it"""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        for folder in range(102):
            for number in range(90 if folder < 66 else 89):
                tar.addfile(tarfile.TarInfo(f"101_ObjectCategories/class{folder}/image_{number:04}.jpg"))
        tar.addfile(tarfile.TarInfo("101_ObjectCategories/class0/._image_0000.jpg"))  # a Mac packed it
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("caltech-101/101_ObjectCategories.tar.gz", packed.getvalue())
        archive.writestr("caltech-101/Annotations.tar", b"")
    return whole.getvalue(), hashlib.md5(packed.getvalue()).hexdigest()


def published_weights(folder):
    """A ResNet-18 of zeros, as .pth and as .safetensors"""
    test_convert.fake_torch()
    state = collections.OrderedDict()
    for number, (name, shape) in enumerate(convert_weights.resnet18_shapes().items()):
        stored = test_convert.Stored(str(number), test_convert.FloatStorage, [0] * convert_weights.count_of(shape))
        state[name] = test_convert.FakeTensor(stored, shape)
    checkpoint, converted = folder / "weights.pth", folder / "weights.safetensors"
    checkpoint.write_bytes(test_convert.zip_checkpoint(state))
    convert_weights.convert(str(checkpoint), str(converted))
    return checkpoint.read_bytes(), converted.read_bytes()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`, also from the middle; closes the connection after `cut` bytes, once, if that is set."""

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cut, self.asked = files, None, []
        self.address = "http://127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        name, start = self.path.lstrip("/"), 0
        body = self.server.files.get(name)
        wanted = self.headers.get("Range", "")
        self.server.asked.append((name, wanted))
        if body is None:
            return self.send_error(404)
        if wanted.startswith("bytes="):
            start = int(wanted[len("bytes="):].split("-")[0])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        if self.server.cut:
            body, self.server.cut = body[: start + self.server.cut], None
        self.wfile.write(body[start:])


class Assets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pictures, cls.md5 = published_pictures()
        with tempfile.TemporaryDirectory() as folder:
            cls.checkpoint, cls.weights = published_weights(pathlib.Path(folder))
        cls.files = {"caltech-101.zip": pictures, "model.safetensors": cls.weights, "model.pth": cls.checkpoint}

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        # a project of its own, so that it finds no assets beside the checkout
        self.project, self.cache = pathlib.Path(temporary.name, "a project"), pathlib.Path(temporary.name, "cache")
        (self.project / "scripts").mkdir(parents=True)
        for name in ("assets.sh", "common.sh", "convert_weights.py"):
            shutil.copy(ROOT / "scripts" / name, self.project / "scripts")
        self.server = Server(dict(self.files))
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def run_script(self, *arguments, weights="model.safetensors", **environment):
        address = self.server.address
        sources = {"HEYBAGH_WEIGHTS_URL": f"{address}/{weights}", "HEYBAGH_WEIGHTS_SHA256": "",
                   "HEYBAGH_IMAGES_URL": f"{address}/caltech-101.zip", "HEYBAGH_IMAGES_MD5": self.md5,
                   "HEYBAGH_PHOTOS_URL": address, "HEYBAGH_CACHE": str(self.cache)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEYBAGH_")}
        return subprocess.run(["bash", self.project / "scripts" / "assets.sh", *arguments], text=True,
                              env={**kept, "no_proxy": "127.0.0.1", **sources, **environment}, capture_output=True)

    def assert_filled(self, done):
        folder = self.cache / "assets"
        self.assertEqual((done.returncode, done.stdout), (0, f"assets: {folder}\n"), done.stderr)
        self.assertEqual((folder / "resnet18" / "model.safetensors").read_bytes(), self.weights)
        pictures = list((folder / "caltech101" / "101_ObjectCategories").glob("*/*.jpg"))
        self.assertEqual(len(pictures), 9144)
        self.assertFalse((folder / "download").exists())

    def test_the_published_layout_fills_the_cache_once(self):
        self.assertEqual(self.run_script("--where").returncode, 1)
        done = self.run_script()
        self.assert_filled(done)
        self.assertIn("note: no demo-artwork.jpg, which some tests need", done.stderr)
        self.assertIn(("demo-large-photo.jpg", ""), self.server.asked)
        self.server.asked.clear()
        self.assert_filled(self.run_script())
        self.assertEqual(self.server.asked, [])
        self.assertEqual(self.run_script("--where").stdout, f"{self.cache}/assets\n")

    def test_a_checkpoint_is_converted_and_noted(self):
        self.assert_filled(self.run_script(weights="model.pth"))
        folder = self.cache / "assets"
        self.assertEqual(self.run_script("--weights", folder).stdout, "other\n")
        note = folder / "resnet18" / "made-of"
        of_target, of_source = (hashlib.sha256(data).hexdigest() for data in (self.weights, self.checkpoint))
        self.assertEqual(note.read_text(), f"{of_target} is {of_source}, converted\n")
        note.write_text(note.read_text().replace(of_source, TORCHVISION_SHA256))
        self.assertEqual(self.run_script("--weights", folder).stdout, "published\n")
        with open(folder / "resnet18" / "model.safetensors", "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\1")
        self.assertEqual(self.run_script("--weights", folder).stdout, "other\n")

    def test_a_download_that_was_cut_goes_on(self):
        self.server.cut = 1_000_000
        self.assert_filled(self.run_script())
        self.assertIn(("model.safetensors", "bytes=1000000-"), self.server.asked)

    def test_what_has_another_checksum_is_not_used(self):
        done = self.run_script(HEYBAGH_WEIGHTS_SHA256="0" * 64)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "model.safetensors has the wrong checksum .sha256 .*, expected 0000")
        done = self.run_script(HEYBAGH_IMAGES_MD5="0" * 32)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "cannot get the photographs .caltech-101.zip has the wrong checksum")
        self.assertFalse((self.cache / "assets" / "caltech101").exists())

    def test_weights_of_another_network_are_not_used(self):
        self.server.files["model.safetensors"] = self.weights.replace(b"conv1.weight", b"conv9.weight")
        done = self.run_script()
        self.assertEqual(done.returncode, 1)
        self.assertIn("it has no tensor conv1.weight: not torchvision's ResNet-18", done.stderr)

    def test_a_named_folder_must_be_whole(self):
        done = self.run_script("--where", HEYBAGH_ASSETS=str(self.project))
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"HEYBAGH_ASSETS is {self.project}, but it has no resnet18/model.safetensors", done.stderr)
        self.assertEqual(self.server.asked, [])


if __name__ == "__main__":
    unittest.main()
