#!/usr/bin/python3
"""A second reader of bundles, written from the description in src/bundle/bundle.h and from nothing else. Decodes whole
bundles, checks what the description promises, and repeats searches of `index-builder search` in numpy.

    read_bundle.py BUILDER [--updated] BUNDLE [BUNDLE...]

--updated: the bundles were changed after their lists were trained, so the trained figures are of other vectors, and
there may be labels that are not in use any more.
"""
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

FEATURES = 513  # numbers in a row of a head of layer4: 512 features and 1 for the bias
LEARNED = ("pca", "lda", "discriminant")
HEAD_DIMS = {"logits": range(1000, 1001), "exact": range(513, 514), "svd": range(1, 514),
             **{kind: range(1, 769) for kind in LEARNED}}
CARRIED = ("exact", "svd", "file", *LEARNED)  # heads that are in the bundle
HEAD_FEATURES = {"layer4": 512, "sqrt-layer4-layer3": 768}  # what they take
CODES = {"f32": "<f4", "f16": "<f2", "i8": "i1"}
UNIT = {"f32": 1e-5, "f16": 5e-4, "i8": 1e-5}  # how far a decoded length may be from 1; an f16 is exact to 2^-11
COLUMNS = [("contents", "<u8"), ("scales", "<f4"), ("ids", "<u4"), ("labels", "<u4"), ("paths", "<u4")]
QUERIES, K = 20, 5
SAME_SCORE, SAME_CENTROID, BORDER = 1e-4, 1e-6, 1e-5


TABLE_LISTS = 512  # more lists than this are in a table


class Checks:
    """Gathers what was found of each check, as most are made once a list."""

    def __init__(self):
        self.problems = {}

    def __call__(self, name, good, where=""):
        self.problems.setdefault(name, []).extend([] if good else [where])

    def print(self):
        for name, found in self.problems.items():
            print(f"FAIL {name}: {len(found)} times, first: {found[0]}" if found else f"ok   {name}")
        return not any(self.problems.values())


class Reader:
    """Takes pieces off a file, from `at` to `end`."""

    def __init__(self, data, at, end, where, check):
        self.data, self.at, self.end, self.where, self.check = data, at, end, where, check

    def take(self, kind, count):
        size = np.dtype(kind).itemsize * count
        if not 0 <= self.at <= self.at + size <= self.end <= len(self.data):
            raise ValueError(f"{self.where}: {size} bytes at {self.at} are not inside it; it ends at {self.end}")
        self.at += size
        return np.frombuffer(self.data, kind, count, self.at - size)

    def zeros(self, count):
        self.check("bytes between the parts are zeros", not self.take("u1", count).any(), self.where)

    def codes(self, storage, count, dim):
        codes = self.take(CODES[storage], count * dim).reshape(count, dim)
        self.zeros(-codes.nbytes % 16)
        self.check("codes of i8 are -127 to 127", storage != "i8" or (codes != -128).all(), self.where)
        return codes.astype("f4")

    def done(self):
        self.check("parts end where they should", self.at == self.end, f"{self.where}: {self.at}, not {self.end}")


def whole(*values, least=1):
    return all(type(value) is int and value >= least for value in values)


def check_manifest(m, updated, check):
    kind = m["head"]["kind"]
    check("format, version, metric and storage are known ones", whole(m["version"]) and m["storage"] in CODES
          and (m["format"], m["version"], m["metric"]) == ("heybagh-index", 1, "COSINE"))
    check("head is a known one, and in the bundle if it is not the model's",
          kind in ("logits", "none", *CARRIED) and ("file" in m["head"]) == (kind in CARRIED), m["head"])
    check("there is a model unless the head is none", (m["model"] is None) == (kind == "none"), kind)
    check("the model has an id of 64 hex digits, a url and a size", m["model"] is None or type(m["model"]["url"]) is str
          and whole(m["model"]["bytes"]) and re.fullmatch("[0-9a-f]{64}", m["model"]["id"]), m["model"])
    check("learned heads say which features they take, and others may",
          m["head"].get("features", "layer4") in HEAD_FEATURES and (kind not in LEARNED or head_features(m) == 768), m["head"])
    check("dim is one that the head can have", m["dim"] in HEAD_DIMS.get(kind, range(1, 32769)), m["dim"])
    check("dim, count, nlist, nprobe and seed are whole numbers, and nprobe is at most nlist", m["nprobe"] <= m["nlist"]
          and whole(m["dim"], m["count"], m["nlist"], m["nprobe"]) and whole(m["seed"], least=0))
    check("generator and image_url are text", type(m["generator"]) is type(m["image_url"]) is str)
    check("labels are text and differ", all(type(label) is str for label in m["labels"])
          and len(set(m["labels"])) == len(m["labels"]), m["labels"])
    check("there are nlist lists, and their counts add up to count",
          (len(m["lists"]), sum(entry["count"] for entry in m["lists"])) == (m["nlist"], m["count"]))
    trained, squares = m["trained"], sum(entry["count"] ** 2 for entry in m["lists"])
    imbalance = trained["imbalance_thousandths"]
    check("trained count and imbalance are possible",
          whole(trained["count"], imbalance) and 1000 <= imbalance <= 1000 * m["nlist"], trained)
    check("trained count and imbalance are those now, unless --updated", updated or trained["count"] == m["count"]
          and 2 * abs(1000 * m["nlist"] * squares - imbalance * m["count"] ** 2) <= m["count"] ** 2, trained)


def head_features(m):
    """How many features the head takes."""
    return HEAD_FEATURES.get(m["head"].get("features", "layer4"), 0)


def read_table(folder, m, check):
    """Of a bundle with a table: completes `m` with lists and files as index.json of a smaller one has them."""
    place = m["table"]["file"]
    with open(os.path.join(folder, m["files"][place]["name"]), "rb") as file:
        data = file.read()
    reader = Reader(data, 16, len(data), "table", check)
    count = int(np.frombuffer(data, "<u4", 1, 8)[0])
    check_header(data, b"HBTB", count, m["nlist"], check)
    hashes = reader.take("u1", count * 32).reshape(count, 32)
    entries = reader.take("<u4", m["nlist"] * 3).reshape(-1, 3).tolist()
    reader.done()
    check("every file of the table has a list", {entry[0] for entry in entries} == set(range(count)))
    ends, m["lists"] = [16] * count, []
    for file, size, rows in entries:
        offset = ends[file] + -ends[file] % 16
        ends[file] = offset + size
        m["lists"].append({"file": len(m["files"]) + file, "offset": offset, "bytes": size, "count": rows})
    for digest, end in zip((row.tobytes().hex() for row in hashes), ends):
        m["files"].append({"name": f"lists-{digest[:16]}.bin", "bytes": end, "sha256": digest})


def read_files(folder, m, check):
    uses = {("centroids", m["centroids"]["file"]), *(("lists", entry["file"]) for entry in m["lists"])}
    uses |= {("head", m["head"]["file"])} if "file" in m["head"] else set()
    uses |= {("table", m["table"]["file"])} if "table" in m else set()
    places = sorted(place for _, place in uses)
    check("every file is in use, as one of head, centroids, table and lists", places == list(range(len(m["files"]))), places)
    files = []
    for name, size, sha in ((entry["name"], entry["bytes"], entry["sha256"]) for entry in m["files"]):
        with open(os.path.join(folder, name), "rb") as file:
            files.append(file.read())
        check("files have the size in index.json", len(files[-1]) == size, name)
        check("files have the SHA-256 in index.json", hashlib.sha256(files[-1]).hexdigest() == sha, name)
        check("names of files end in 16 digits of the SHA-256 and .bin", name.endswith(sha[:16] + ".bin"), name)
        check("files are in the bundle's folder", name == os.path.basename(name), name)
    return files


def check_header(data, magic, first, second, check):
    numbers = np.frombuffer(data, "<u4", 3, 4).tolist()
    check("files begin with their magic, version and two numbers",
          data[:4] == magic and numbers == [1, first, second], f"{data[:4]} {numbers}, not {magic} {first} {second}")


def read_rows(data, magic, count, dim, storage, check):
    """All of a file: the head or the centroids."""
    check_header(data, magic, count, dim, check)
    reader = Reader(data, 16, len(data), magic, check)
    rows = reader.codes(storage, count, dim)
    if storage == "i8":
        rows *= reader.take("<f4", count)[:, None]
    reader.done()
    check("head and centroids are finite numbers, and not all zero", np.isfinite(rows).all() and rows.any(), magic)
    return rows


def read_list(data, entry, number, m, check):
    """The columns of a list, with its vectors and with paths as bytes."""
    where = f"list {number}"
    reader = Reader(data, entry["offset"], entry["offset"] + entry["bytes"], where, check)
    n, text_bytes = reader.take("<u4", 2).tolist()
    check("lists have the count in index.json", n == entry["count"], where)
    reader.zeros(8)
    vectors = reader.codes(m["storage"], n, m["dim"])
    columns = {name: reader.take(kind, n) for name, kind in COLUMNS if name != "scales" or m["storage"] == "i8"}
    text = reader.take("u1", text_bytes).tobytes()
    reader.done()
    if "scales" in columns:
        vectors *= columns["scales"][:, None]
    starts = columns["paths"].tolist()
    paths = [text[start:text.index(b"\0", start)] for start in starts]
    pieces = text.split(b"\0")
    check("the text is the paths of the rows, each ended by a zero byte",
          sorted(paths) == sorted(pieces[:-1]) and pieces[-1] == b"" and len(set(starts)) == n, where)
    check("rows of a list are in byte order of their paths", all(a < b for a, b in zip(paths, paths[1:])), where)
    check("paths are UTF-8 and not empty", all(path.decode() for path in paths), where)  # decode raises ValueError
    return dict(columns, vectors=vectors, paths=np.array(paths, object), lists=np.full(n, number))


def check_packing(files, m, check):
    """That the lists of a file are as many as it says, and that they fill it but for zeros up to multiples of 16."""
    for place in sorted({entry["file"] for entry in m["lists"]}):
        spans = sorted((e["offset"], e["offset"] + e["bytes"]) for e in m["lists"] if e["file"] == place)
        data, end, name = files[place], 16, m["files"][place]["name"]
        check_header(data, b"HBLS", len(spans), m["dim"], check)
        for span in spans:
            check("a list begins at the next multiple of 16", span[0] == end + -end % 16, f"{name} {span}")
            check("bytes between the parts are zeros", not any(data[end:span[0]]), f"{name} {span}")
            end = span[1]
        check("a file of lists ends with its last list", end == len(data), name)


def check_rows(rows, centroids, folder, m, updated, check):
    vectors, centroids = rows["vectors"].astype("f8"), centroids.astype("f8")
    for name, lengths, zero in (("vectors have unit length, or are zero", np.linalg.norm(vectors, axis=1), 0),
                                ("centroids have unit length", np.linalg.norm(centroids, axis=1), 1)):
        off = ~((abs(lengths - 1) <= UNIT[m["storage"]]) | (lengths == zero))  # so that NaN is off
        check(name, not off.any(), lengths[off][:1])
    check("ids are unique", len(set(rows["ids"].tolist())) == m["count"])
    check("paths are unique", len(set(rows["paths"])) == m["count"])
    labels, unused = set(range(len(m["labels"]))), set(range(len(m["labels"]))) - set(rows["labels"].tolist())
    check("labels of rows are places in index.json's labels", labels.issuperset(rows["labels"].tolist()))
    check("all labels are in use, unless --updated", updated or not unused, unused)
    thumb_url, contents = m.get("thumb_url", "none: {content}"), set(rows["contents"].tolist())
    thumbs = {thumb_url.replace("{content}", f"{content:016x}") for content in contents}
    check("every picture has a thumbnail of its own, if there are any", len(thumbs) == len(contents)
          and (":" in thumb_url or all(os.path.exists(os.path.join(folder, name)) for name in thumbs)), thumb_url)
    similar = vectors @ centroids.T
    off = similar.max(axis=1) - similar[np.arange(len(vectors)), rows["lists"]]
    check("every vector is in the list of its nearest centroid", (off <= SAME_CENTROID).all(),
          f"{(off > SAME_CENTROID).sum()} vectors, by up to {off.max():.1e}")


def search(builder, folder, queries, *options):
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, queries)
        file.flush()
        command = [builder, "search", "--index", folder, "--vectors", file.name, "--k", str(K), "--json", *options]
        lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    return [json.loads(line) for line in lines]


def same_results(found, query, rows, labels, allowed):
    """True if `found` is the top K of the rows `allowed`. Rows whose scores hardly differ may change places."""
    scores = rows["vectors"].astype("f8") @ query
    place = {path.decode(): i for i, path in enumerate(rows["paths"]) if allowed[i]}
    at = [place.get(result["path"], -1) for result in found["results"]]
    best = np.sort(scores[allowed])[::-1][:K]
    if -1 in at or len(set(at)) != len(at) or len(at) != len(best) or found["scanned"] != allowed.sum():
        return False
    about = [(result["id"], result["label"], int(result["content"], 16)) for result in found["results"]]
    reported = np.array([result["score"] for result in found["results"]])
    return (about == [(rows["ids"][i], labels[rows["labels"][i]], rows["contents"][i]) for i in at]
            and (np.diff(reported) <= 0).all()
            and max(abs(reported - best).max(), abs(reported - scores[at]).max()) <= SAME_SCORE)


def check_searches(builder, folder, rows, centroids, m, check):
    usable = np.flatnonzero(rows["vectors"].any(axis=1))
    chosen = usable[np.unique(np.linspace(0, len(usable) - 1, QUERIES).astype(int))]
    queries, nprobe, compared = rows["vectors"][chosen], m["nprobe"], 0
    exact, probed = search(builder, folder, queries, "--exact"), search(builder, folder, queries)
    check("a search answers every query", len(exact) == len(probed) == len(queries))
    for row, of_all, of_some in zip(chosen, exact, probed):
        where, query = rows["paths"][row].decode(), rows["vectors"][row].astype("f8")
        query /= np.linalg.norm(query)  # one of f16 is not exactly of unit length
        good = same_results(of_all, query, rows, m["labels"], rows["lists"] >= 0)
        check("exact search finds what numpy finds", good, where)
        similar = centroids.astype("f8") @ query
        nearest = np.argsort(-similar)
        if nprobe < m["nlist"] and similar[nearest[nprobe - 1]] - similar[nearest[nprobe]] <= BORDER:
            continue  # either list may be the last one
        good = same_results(of_some, query, rows, m["labels"], np.isin(rows["lists"], nearest[:nprobe]))
        check("search finds what numpy finds in the nearest lists", good and of_some["nprobe"] == nprobe, where)
        compared += 1
    check(f"queries were compared: {len(chosen)} exact, {compared} with nprobe {nprobe} of {m['nlist']}", compared)


def read_manifest(folder, check):
    """index.json, with lists and files also if they are in a table."""
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as file:
        m = json.load(file)
    check("there is a table, and no lists, if there are more than 512", "table" not in m or "lists" not in m
          and m["nlist"] > TABLE_LISTS, m["nlist"])
    if "table" in m:
        read_table(folder, m, check)
    return m


def check_bundle(builder, folder, updated, check):
    m = read_manifest(folder, check)
    check_manifest(m, updated, check)
    files = read_files(folder, m, check)
    if "file" in m["head"]:
        read_rows(files[m["head"]["file"]], b"HBHD", m["dim"], head_features(m) + 1, m["storage"], check)
    centroids = read_rows(files[m["centroids"]["file"]], b"HBCT", m["nlist"], m["dim"], m["storage"], check)
    check_packing(files, m, check)
    lists = [read_list(files[entry["file"]], entry, i, m, check) for i, entry in enumerate(m["lists"])]
    rows = {name: np.concatenate([columns[name] for columns in lists]) for name in lists[0]}
    check_rows(rows, centroids, folder, m, updated, check)
    check_searches(builder, folder, rows, centroids, m, check)


def main():
    builder, *bundles = [argument for argument in sys.argv[1:] if argument != "--updated"] or [None]
    if not bundles:
        sys.exit(__doc__)
    results = []
    for folder in bundles:
        check = Checks()
        try:
            check_bundle(builder, folder, "--updated" in sys.argv, check)
        except (OSError, ValueError, LookupError, TypeError, subprocess.CalledProcessError) as error:
            check("the whole bundle can be read", False, repr(error))
        print(f"{folder}:")
        results.append(check.print())
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
