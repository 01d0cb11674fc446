#!/usr/bin/env python3
"""Turns a PyTorch checkpoint of plain tensors (torchvision's resnet18-f37072fd.pth) into safetensors.

    convert_weights.py IN.pth OUT.safetensors     names, shapes and types stay as they are
    convert_weights.py --check FILE.safetensors   is it whole, and does it hold torchvision's ResNet-18?

Needs Python 3.9 and nothing else, torch least of all. A checkpoint is a pickle, and a pickle may name any
function to be called; here only the names in ALLOWED mean something, everything else is refused, so a hostile
file runs no code. Reads both of PyTorch's formats: the zip archive (data.pkl and one member a storage) and the
older stream (magic number, version, machine, the pickle, the storages' keys, then each one's length and bytes).
"""
import collections
import json
import os
import pickle
import struct
import sys
import zipfile
import zlib

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
ITEM_SIZE = {"F32": 4, "I64": 8}
MAX_HEADER = 100_000_000  # safetensors' own limit

Storage = collections.namedtuple("Storage", "dtype key count")
Tensor = collections.namedtuple("Tensor", "storage offset shape")


class Refused(Exception):
    """The file is not what it should be; the text is a sentence for people."""


def count_of(shape):
    count = 1
    for n in shape:
        count *= n
    return count


def are_counts(values):
    return isinstance(values, tuple) and all(type(n) is int and n >= 0 for n in values)


def rebuild_tensor(storage, offset, shape, stride, *_):
    if not isinstance(storage, Storage) or not are_counts((offset,)) or not are_counts(shape) or not are_counts(stride):
        raise Refused("a tensor's description is damaged")
    expected = 1
    for n, step in reversed(list(zip(shape, stride))):
        if n != 1 and step != expected:
            raise Refused(f"a tensor of shape {shape} has strides {stride}: only contiguous ones are supported")
        expected *= n
    if len(shape) != len(stride) or offset + count_of(shape) > storage.count:
        raise Refused("a tensor reaches beyond its storage")
    return Tensor(storage, offset, shape)


def rebuild_parameter(tensor, *_):
    return tensor


ALLOWED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
    ("torch", "FloatStorage"): "F32",
    ("torch", "LongStorage"): "I64",
}


class Unpickler(pickle.Unpickler):
    def __init__(self, file):
        super().__init__(file, encoding="utf-8")  # for what Python 2 wrote

    def find_class(self, module, name):
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise Refused(f"it asks for {module}.{name}, which no file of weights needs: refused") from None

    def persistent_load(self, pid):
        # ("storage", type, key, device, count) and, in the stream format, a view, which is None in state dicts
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage" or pid[5:] not in ((), (None,)):
            raise Refused("it refers to something other than a plain storage")
        _, dtype, key, _, count = pid[:5]
        if dtype not in ITEM_SIZE or not isinstance(key, str) or not are_counts((count,)):
            raise Refused("a storage's description is damaged")
        return Storage(dtype, key, count)


def unpickle(file):
    try:
        return Unpickler(file).load()
    except Refused:
        raise
    except Exception as error:  # whatever a damaged pickle makes the machine stumble over
        raise Refused(f"its pickle is damaged ({error or type(error).__name__})") from None


def as_state(value):
    if not isinstance(value, dict) or not value:
        raise Refused("it holds no dictionary of tensors")
    for name, tensor in value.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise Refused(f"its entry {name!r} is not a tensor")
    return value


def storages_of(state):
    storages = {}
    for tensor in state.values():
        if storages.setdefault(tensor.storage.key, tensor.storage) != tensor.storage:
            raise Refused(f"storage {tensor.storage.key!r} is described in two ways")
    return storages


def read_zip(file):
    """-> {name: Tensor}, {storage key: bytes}"""
    with zipfile.ZipFile(file) as archive:
        pickles = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise Refused("the zip archive has no data.pkl, so PyTorch did not write it")
        top = pickles[0][: -len("data.pkl")]
        if top + "byteorder" in archive.namelist() and archive.read(top + "byteorder") != b"little":
            raise Refused("it was written on a big-endian machine")
        with archive.open(pickles[0]) as member:
            state = as_state(unpickle(member))
        data = {}
        for key, storage in storages_of(state).items():
            try:
                info = archive.getinfo(f"{top}data/{key}")
            except KeyError:
                raise Refused(f"storage {key!r} is missing") from None
            if info.file_size != storage.count * ITEM_SIZE[storage.dtype]:
                raise Refused(f"storage {key!r} has {info.file_size} bytes, not what its tensors need")
            data[key] = archive.read(info)  # checks the CRC
        return state, data


def read_stream(file):
    """-> {name: Tensor}, {storage key: bytes}"""
    if unpickle(file) != MAGIC:
        raise Refused("it is not a PyTorch checkpoint")
    if unpickle(file) != VERSION:
        raise Refused("it has a version that is not known here")
    machine = unpickle(file)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise Refused("it was written on a big-endian machine")
    state = as_state(unpickle(file))
    storages, data = storages_of(state), {}
    keys = unpickle(file)
    if not isinstance(keys, list) or sorted(map(repr, keys)) != sorted(map(repr, storages)):
        raise Refused("its list of storages does not fit its tensors")
    end = os.fstat(file.fileno()).st_size
    for key in keys:
        size = storages[key].count * ITEM_SIZE[storages[key].dtype]
        if file.tell() + 8 + size > end:
            raise Refused(f"it is cut off in storage {key!r}")
        if int.from_bytes(file.read(8), "little") != storages[key].count:
            raise Refused(f"storage {key!r} has another length than its tensors need")
        data[key] = file.read(size)
    return state, data


def write_safetensors(path, state, data):
    # widest type first, then by name: what safetensors itself writes, and every tensor is aligned
    names = sorted(state, key=lambda name: (-ITEM_SIZE[state[name].storage.dtype], name))
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name in names:
        tensor = state[name]
        begin, end = end, end + count_of(tensor.shape) * ITEM_SIZE[tensor.storage.dtype]
        header[name] = {"dtype": tensor.storage.dtype, "shape": tensor.shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    part = path + ".part"
    with open(part, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in names:
            tensor = state[name]
            size = ITEM_SIZE[tensor.storage.dtype]
            begin = tensor.offset * size
            out.write(memoryview(data[tensor.storage.key])[begin : begin + count_of(tensor.shape) * size])
    os.replace(part, path)


def convert(source, target):
    """Returns the number of tensors."""
    with open(source, "rb") as file:
        is_zip = file.read(4) == b"PK\3\4"
        file.seek(0)
        try:
            state, data = (read_zip if is_zip else read_stream)(file)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
            raise Refused(f"the zip archive is damaged ({error})") from None
    write_safetensors(target, state, data)
    return len(state)


def resnet18_shapes():
    """{name: shape} of the tensors that the network needs; num_batches_tracked may be there or not."""
    shapes = {}

    def conv_and_norm(conv, norm, shape):
        shapes[conv + ".weight"] = list(shape)
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{norm}.{part}"] = [shape[0]]

    conv_and_norm("conv1", "bn1", (64, 3, 7, 7))
    inputs = 64
    for layer, outputs in enumerate((64, 128, 256, 512), 1):
        for block in (0, 1):
            name = f"layer{layer}.{block}"
            conv_and_norm(name + ".conv1", name + ".bn1", (outputs, inputs, 3, 3))
            conv_and_norm(name + ".conv2", name + ".bn2", (outputs, outputs, 3, 3))
            if inputs != outputs:
                conv_and_norm(name + ".downsample.0", name + ".downsample.1", (outputs, inputs, 1, 1))
            inputs = outputs
    shapes.update({"fc.weight": [1000, 512], "fc.bias": [1000]})
    return shapes


def check(path):
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, MAX_HEADER):
            raise Refused("it is not a safetensors file, or it is cut off")
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
            if 8 + length + max(ends) != size:
                raise Refused(f"it has {size} bytes instead of {8 + length + max(ends)}: cut off or damaged")
            for name, shape in resnet18_shapes().items():
                if name not in header:
                    raise Refused(f"it has no tensor {name}: not torchvision's ResNet-18")
                if (header[name]["dtype"], header[name]["shape"]) != ("F32", shape):
                    raise Refused(f"its tensor {name} is not F32 {shape}: not torchvision's ResNet-18")
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise Refused("it is not a safetensors file: its header is damaged") from None


def main(arguments):
    if len(arguments) != 2 or arguments[1].startswith("-"):
        print("usage: convert_weights.py IN.pth OUT.safetensors | --check FILE.safetensors", file=sys.stderr)
        return 2
    source = arguments[1] if arguments[0] == "--check" else arguments[0]
    try:
        if arguments[0] == "--check":
            check(source)
        else:
            print(f"{arguments[1]}: {convert(*arguments)} tensors")
    except Refused as error:
        print(f"{source}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or source}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
