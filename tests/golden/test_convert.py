#!/usr/bin/env python3
"""Tests of scripts/convert_weights.py with checkpoints made by hand in both of PyTorch's formats (stdlib only)."""
import collections
import contextlib
import io
import json
import os
import pickle
import struct
import sys
import tempfile
import types
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
sys.dont_write_bytecode = True
import convert_weights  # noqa: E402


# Stand-ins for torch's modules, so that the pickler writes the names that torch's own pickler would write.
class FloatStorage:
    letter = "f"


class LongStorage:
    letter = "q"


class HalfStorage:
    letter = "e"


def _rebuild_tensor_v2(*_):
    raise AssertionError("only its name is wanted")


def _rebuild_parameter(*_):
    raise AssertionError("only its name is wanted")


def fake_torch():
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for module, members in (
        (torch, (FloatStorage, LongStorage, HalfStorage)),
        (utils, (_rebuild_tensor_v2, _rebuild_parameter)),
    ):
        sys.modules[module.__name__] = module
        for member in members:
            member.__module__ = module.__name__
            setattr(module, member.__name__, member)


class Stored:
    """What torch calls a storage: a run of numbers that tensors share."""

    def __init__(self, key, kind, values):
        self.key, self.kind, self.values = key, kind, list(values)

    def bytes(self):
        return struct.pack(f"<{len(self.values)}{self.kind.letter}", *self.values)


class FakeTensor:
    def __init__(self, stored, shape, stride=None, offset=0):
        if stride is None:
            stride, step = [], 1
            for n in reversed(shape):
                stride.insert(0, step)
                step *= n
        self.description = (stored, offset, tuple(shape), tuple(stride), False, collections.OrderedDict())

    def __reduce__(self):
        return _rebuild_tensor_v2, self.description


class FakeParameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return _rebuild_parameter, (self.tensor, True, collections.OrderedDict())


class Shell:
    """A hostile object: unpickling it with pickle.load runs a command."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def pickled(value, view):
    """-> the pickle of value with storages left out, and those storages"""
    found = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            if not isinstance(item, Stored):
                return None
            found[item.key] = item
            return ("storage", item.kind, item.key, "cpu", len(item.values)) + view

    out = io.BytesIO()
    Pickler(out, protocol=2).dump(value)
    return out.getvalue(), found


def zip_checkpoint(state, byteorder=b"little", leave_out=()):
    text, found = pickled(state, ())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("weights/data.pkl", text)
        archive.writestr("weights/byteorder", byteorder)
        for key, stored in found.items():
            if key not in leave_out:
                archive.writestr(f"weights/data/{key}", stored.bytes())
        archive.writestr("weights/version", b"3\n")
    return out.getvalue()


def stream_checkpoint(state, view=(None,), little_endian=True):
    text, found = pickled(state, view)
    machine = {"protocol_version": 1001, "little_endian": little_endian, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    parts = [pickle.dumps(x, protocol=2) for x in (0x1950A86A20F9469CFC6C, 1001, machine)]
    parts += [text, pickle.dumps(sorted(found), protocol=2)]
    for key in sorted(found):
        parts += [struct.pack("<q", len(found[key].values)), found[key].bytes()]
    return b"".join(parts)


FORMATS = (("zip", zip_checkpoint), ("stream", stream_checkpoint))


def read_safetensors(path):
    """-> {name: (dtype, shape, values)}, the header's length"""
    with open(path, "rb") as file:
        whole = file.read()
    (length,) = struct.unpack_from("<Q", whole)
    header, data = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    assert header.pop("__metadata__") == {"format": "pt"}
    tensors, covered = {}, 0
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        letter, size = {"F32": ("f", 4), "I64": ("q", 8)}[entry["dtype"]]
        assert (begin, begin % size) == (covered, 0)
        covered = end
        values = list(struct.unpack(f"<{(end - begin) // size}{letter}", data[begin:end]))
        tensors[name] = (entry["dtype"], entry["shape"], values)
    assert covered == len(data)
    return tensors, length


def some_state():
    conv = Stored("94001", FloatStorage, [i * 0.25 - 3 for i in range(24)])
    shared = Stored("94002", FloatStorage, range(100, 110))
    state = collections.OrderedDict(
        [
            ("conv1.weight", FakeParameter(FakeTensor(conv, (2, 3, 2, 2)))),
            ("bn1.bias", FakeTensor(shared, (4,), offset=1)),
            ("bn1.weight", FakeTensor(shared, (1, 5, 1), stride=(77, 1, 9), offset=5)),
            ("bn1.num_batches_tracked", FakeTensor(Stored("94003", LongStorage, [-7]), ())),
        ]
    )
    state._metadata = collections.OrderedDict([("", {"version": 1})])  # torch's state dicts carry this
    return state


SOME_TENSORS = {
    "conv1.weight": ("F32", [2, 3, 2, 2], [i * 0.25 - 3 for i in range(24)]),
    "bn1.bias": ("F32", [4], [101.0, 102.0, 103.0, 104.0]),
    "bn1.weight": ("F32", [1, 5, 1], [105.0, 106.0, 107.0, 108.0, 109.0]),
    "bn1.num_batches_tracked": ("I64", [], [-7]),
}


class Convert(unittest.TestCase):
    def setUp(self):
        fake_torch()
        self.addCleanup(lambda: [sys.modules.pop(name, None) for name in ("torch", "torch._utils")])
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source = os.path.join(folder.name, "in.pth")
        self.target = os.path.join(folder.name, "out.safetensors")

    def convert(self, checkpoint):
        with open(self.source, "wb") as file:
            file.write(checkpoint)
        return convert_weights.convert(self.source, self.target)

    def assert_refused(self, checkpoint, why):
        with self.assertRaisesRegex(convert_weights.Refused, why):
            self.convert(checkpoint)
        self.assertEqual(os.listdir(os.path.dirname(self.target)), ["in.pth"])

    def run_main(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = convert_weights.main(list(arguments))
        return status, out.getvalue(), err.getvalue()

    def test_both_formats_keep_names_shapes_types_and_values(self):
        for name, checkpoint in FORMATS:
            with self.subTest(name):
                self.assertEqual(self.convert(checkpoint(some_state())), 4)
                tensors, header = read_safetensors(self.target)
                self.assertEqual(tensors, SOME_TENSORS)
                self.assertEqual(header % 8, 0)

    def test_both_formats_give_the_same_bytes(self):
        files = []
        for _, checkpoint in FORMATS:
            self.convert(checkpoint(some_state()))
            with open(self.target, "rb") as file:
                files.append(file.read())
        self.assertEqual(*files)

    def test_a_hostile_pickle_is_refused_and_nothing_runs(self):
        mark = os.path.join(os.path.dirname(self.target), "ran")
        for name, checkpoint in FORMATS:
            with self.subTest(name):
                for state in (Shell(f"touch '{mark}'"), collections.OrderedDict(x=Shell(f"touch '{mark}'"))):
                    self.assert_refused(checkpoint(state), r"system, which no file of weights needs: refused")
        self.assert_refused(pickle.dumps(Shell(f"touch '{mark}'")), "refused")  # in place of the magic number
        self.assertFalse(os.path.exists(mark))

    def test_names_near_the_allowed_ones_are_refused(self):
        for module, name in (("builtins", "eval"), ("torch", "load"), ("collections", "OrderedDict.fromkeys")):
            hostile = b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"."
            self.assert_refused(hostile, "refused")

    def test_other_storage_types_are_refused(self):
        state = {"x": FakeTensor(Stored("1", HalfStorage, [1, 2]), (2,))}
        for name, checkpoint in FORMATS:
            with self.subTest(name):
                self.assert_refused(checkpoint(state), "torch.HalfStorage")

    def test_tensors_that_are_not_contiguous_are_refused(self):
        stored = Stored("1", FloatStorage, range(6))
        for shape, stride in (((2, 3), (1, 2)), ((2, 2), (3, 1)), ((2, 3), (0, 1)), ((3, 2), (-2, 1)), ((2, 3), (1,))):
            for name, checkpoint in FORMATS:
                with self.subTest(name, shape=shape, stride=stride):
                    self.assert_refused(checkpoint({"x": FakeTensor(stored, shape, stride)}), "contiguous|damaged|beyond")

    def test_tensors_beyond_their_storage_are_refused(self):
        stored = Stored("1", FloatStorage, range(6))
        for shape, offset in (((7,), 0), ((6,), 1), ((2,), -1), ((1 << 62, 4), 0)):
            with self.subTest(shape=shape, offset=offset):
                self.assert_refused(zip_checkpoint({"x": FakeTensor(stored, shape, None, offset)}), "beyond|damaged")

    def test_a_file_cut_anywhere_is_refused(self):
        for name, checkpoint in FORMATS:
            whole = checkpoint(some_state())
            for end in range(0, len(whole) - 1, 7):
                with self.subTest(name, end=end), self.assertRaises(convert_weights.Refused):
                    self.convert(whole[:end])

    def test_a_flipped_byte_in_the_zip_is_noticed(self):
        whole = bytearray(zip_checkpoint(some_state()))
        whole[whole.index(struct.pack("<f", 101.0))] ^= 1
        self.assert_refused(bytes(whole), "CRC")

    def test_other_damage_is_refused(self):
        self.assert_refused(zip_checkpoint(some_state(), byteorder=b"big"), "big-endian")
        self.assert_refused(stream_checkpoint(some_state(), little_endian=False), "big-endian")
        self.assert_refused(zip_checkpoint(some_state(), leave_out=("94002",)), "missing")
        self.assert_refused(stream_checkpoint(some_state(), view=(("94002", 0, 4),)), "plain storage")
        self.assert_refused(zip_checkpoint({"x": 3}), "'x' is not a tensor")
        self.assert_refused(zip_checkpoint([1]), "no dictionary")
        self.assert_refused(b"<html>not found</html>", "damaged")
        one, other = Stored("1", FloatStorage, [1, 2]), Stored("1", LongStorage, [3])
        both = {"x": FakeTensor(one, (2,)), "y": FakeTensor(other, (1,))}
        self.assert_refused(zip_checkpoint(both), "two ways")

    def test_the_command_says_what_is_wrong(self):
        self.convert(zip_checkpoint(some_state()))
        self.assertEqual(self.run_main(self.source, self.target), (0, f"{self.target}: 4 tensors\n", ""))
        self.assertEqual(self.run_main(self.source)[0], 2)
        status, _, err = self.run_main(self.source + ".none", self.target)
        self.assertEqual((status, err), (1, f"{self.source}.none: No such file or directory\n"))
        status, _, err = self.run_main("--check", self.target)
        self.assertEqual((status, err), (1, f"{self.target}: its tensor conv1.weight is not F32 [64, 3, 7, 7]: not torchvision's ResNet-18\n"))

    def test_check_knows_a_whole_resnet18(self):
        state = collections.OrderedDict()
        for number, (name, shape) in enumerate(convert_weights.resnet18_shapes().items()):
            state[name] = FakeTensor(Stored(str(number), FloatStorage, [0] * convert_weights.count_of(shape)), shape)
        self.assertEqual(len(state), 102)
        self.assertEqual(self.convert(zip_checkpoint(state)), 102)
        self.assertEqual(self.run_main("--check", self.target), (0, "", ""))
        size = os.path.getsize(self.target)
        os.truncate(self.target, size - 1)
        status, _, err = self.run_main("--check", self.target)
        self.assertEqual((status, err), (1, f"{self.target}: it has {size - 1} bytes instead of {size}: cut off or damaged\n"))
        os.truncate(self.target, 5)
        self.assertEqual(self.run_main("--check", self.target)[0], 1)


if __name__ == "__main__":
    unittest.main()
