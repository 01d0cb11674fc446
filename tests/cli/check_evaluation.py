"""check_evaluation.py WHAT ARGUMENT...: vectors for eval, and what it must say of them; exit 1 if it does not.

    make NAME                   NAME.npy and NAME.tsv: 200 vectors with 5 labels that do not follow the paths
    half NAME OTHER             OTHER.npy and OTHER.tsv: the second half of them
    figures NAME OUTPUT [N]     eval --json --images, of N queries
    sizes BUNDLE OUTPUT         eval --json
    nprobes OUTPUT              eval --json: the nprobes of its recalls, a line each
    found NAME OUTPUT NPROBE SEARCHED   eval --json against search --json with K + 1 and this nprobe of all vectors
    against LEAST MOST OUTPUT   eval --json --against: same, overlap and recall
    page NAME FILE URL          what --html wrote; URL is what the pictures' addresses begin with
"""
import json
import math
import os
import random
import struct
import sys
from html.parser import HTMLParser
from urllib.parse import quote

COUNT, DIM, K = 200, 16, 4
LABELS = ['<script>alert("label")</script>', "Tom & Jerry's", "", "ü", "plain"]


def expect(condition, words):
    if not condition:
        sys.exit(f"  check_evaluation: {words}")


def write(name, rows):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {DIM}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(name + ".npy", "wb") as file:
        file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode())
        for _, _, vector in rows:
            file.write(struct.pack(f"<{DIM}f", *vector))
    with open(name + ".tsv", "w", encoding="utf-8") as file:
        file.writelines(f"{path}\t{label}\n" for path, label, _ in rows)


def read(name):
    with open(name + ".npy", "rb") as file:
        data = file.read()[-COUNT * DIM * 4:]
    with open(name + ".tsv", encoding="utf-8") as file:
        names = [line[:-1].split("\t") for line in file]
    return [(path, label, struct.unpack_from(f"<{DIM}f", data, 4 * DIM * i)) for i, (path, label) in enumerate(names)]


def make(name):
    """Eight copies of one vector are among them, so that scores are equal."""
    rng = random.Random(3)
    centres = [[rng.gauss(0, 1) for _ in range(DIM)] for _ in LABELS]
    rows = []
    for i in range(COUNT):
        label = rng.randrange(len(LABELS))
        vector = [c + rng.gauss(0, 1) for c in centres[label]]
        length = math.sqrt(sum(x * x for x in vector))
        path = f"{i:03}/\" onerror='&#<b> 50%?.jpg" if i % 3 == 0 else f"{i:03}/plain.jpg"
        rows.append((path, LABELS[label], [x / length for x in vector]))
    for i in range(101, COUNT, 14):
        rows[i] = (*rows[i][:2], rows[100][2])
    write(name, rows)


def half(name, other):
    write(other, read(name)[COUNT // 2:])


def figures(name, output, queries=COUNT):
    queries = int(queries)
    rows = read(name)
    lines = [json.loads(line) for line in open(output, encoding="utf-8")]
    sums, images = lines[0], [line for line in lines if "image" in line]
    classes = {line["class"]: line for line in lines if "class" in line}
    expect(sums["count"] == COUNT and sums["queries"] == queries == len(images), f"{sums}, {len(images)} lines")
    expect(set(classes) == set(LABELS) and sums["classes"] == len(LABELS), f"classes {list(classes)}")
    precisions = {label: [] for label in LABELS}
    averages = {label: [] for label in LABELS}
    for i, line in enumerate(images):
        number = i * COUNT // queries
        path, label, vector = rows[number]
        expect(line["image"] == path, f"query {i} is {line['image']}, not {path}")
        # of equal scores, copies, the order of paths decides for precision; for AP those of other labels come first
        scores = [(-sum(a * b for a, b in zip(vector, other)), n, theirs == label)
                  for n, (_, theirs, other) in enumerate(rows) if n != number]
        precision = sum(own for _, _, own in sorted(scores)[:K]) / K
        ranks = [r for r, (_, own, _) in enumerate(sorted((s, own, n) for s, n, own in scores)) if own]
        average = sum((i + 1) / (r + 1) for i, r in enumerate(ranks)) / len(ranks)
        expect(abs(line["precision"] - precision) < 1e-4, f"{path}: precision {line['precision']}, not {precision}")
        expect(abs(line["ap"] - average) < 1e-5, f"{path}: AP {line['ap']}, not {average}")
        precisions[label].append(precision)
        averages[label].append(average)
    for label, line in classes.items():
        expect(line["images"] == sum(row[1] == label for row in rows), f"{label}: {line['images']} images")
        expect(line["queries"] == len(precisions[label]), f"{label}: {line['queries']} queries")
        expect(abs(line["map"] - sum(averages[label]) / len(averages[label])) < 1e-5, f"{label}: mAP {line['map']}")
    everything = sum(averages.values(), [])
    expect(abs(sums["map"] - sum(everything) / queries) < 1e-5, f"mAP {sums['map']}")
    per_class = [sum(p) / len(p) for p in precisions.values()]
    expect(abs(sums["class_precision"] - sum(per_class) / len(per_class)) < 1e-5, f"{sums['class_precision']}")


def check_recall(recall):
    for key in ("recall", "scanned", "bytes", "files", "nprobe"):
        values = [line[key] for line in recall]
        expect(values == sorted(values), f"{key} falls: {values}")
    expect(recall[-1]["recall"] == recall[-1]["scanned"] == 1, f"not everything is found: {recall[-1]}")


def sizes(bundle, output):
    sums = json.loads(open(output, encoding="utf-8").readline())
    check_recall(sums["recall"])
    files = {name: os.path.getsize(os.path.join(bundle, name)) for name in os.listdir(bundle)}
    with open(os.path.join(bundle, "index.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    lists = {manifest["files"][entry["file"]]["name"] for entry in manifest["lists"]}
    everything = sums["recall"][-1]
    expect(everything["files"] == len(lists) > 1, f"{everything['files']} files, not {len(lists)}")
    expect(everything["bytes"] == sum(files[name] for name in lists), f"{everything['bytes']} bytes")
    expect(sums["recall"][0]["files"] == 1, f"one list is in {sums['recall'][0]['files']} files")
    expect(sums["needed_bytes"] == sum(files.values()) - everything["bytes"], f"needed: {sums['needed_bytes']}")
    expect(sums["head_bytes"] == 0, "a head where there is none")


def nprobes(output):
    for line in json.loads(open(output, encoding="utf-8").readline())["recall"]:
        print(line["nprobe"])


def found(name, output, nprobe, searched):
    """Recall and what is scanned, once more from what search prints."""
    rows = read(name)
    sums = json.loads(open(output, encoding="utf-8").readline())
    claimed = next(line for line in sums["recall"] if line["nprobe"] == int(nprobe))
    vectors = {path: vector for path, _, vector in rows}
    recalled = scanned = 0
    for (path, _, vector), line in zip(rows, open(searched, encoding="utf-8"), strict=True):
        answer = json.loads(line)
        others = [result["path"] for result in answer["results"] if result["path"] != path][:K]
        scores = {other: sum(a * b for a, b in zip(vector, theirs)) for other, theirs in vectors.items()}
        least = sorted((score for other, score in scores.items() if other != path), reverse=True)[K - 1] - 1e-6
        recalled += sum(scores[other] >= least for other in others)
        scanned += answer["scanned"]
    expect(abs(claimed["recall"] - recalled / (COUNT * K)) < 1e-4, f"nprobe {nprobe}: {claimed}, not {recalled}")
    expect(abs(claimed["scanned"] - scanned / COUNT**2) < 1e-4, f"nprobe {nprobe}: {claimed}, not {scanned}")


def against(least, most, output):
    sums = json.loads(open(output, encoding="utf-8").readline())
    check_recall(sums["recall"])
    for key in ("same", "overlap"):
        expect(sums[key] <= float(most), f"{key} {sums[key]}")
    expect(sums["overlap"] >= float(least) and (sums["same"] >= float(least) or float(most) < 1), f"{sums}")
    everything = sums["recall"][-1]
    expect(everything["recall_against"] == sums["overlap"], "a search of all lists is not exact search")
    if float(least) == 1:
        expect(all(r["recall_against"] == r["recall"] for r in sums["recall"]), "recall of the other's is another one")


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.pictures, self.elements, self.text, self.classes = [], [], "", []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append(tag)
        self.classes.append(attributes.get("class"))
        expect(not any(name.startswith("on") for name in attributes), f"{tag} {attributes}")
        if tag == "img":
            self.pictures.append(attributes)

    def handle_data(self, data):
        self.text += data


def page(name, file, url):
    rows = read(name)
    parsed = Page()
    with open(file, encoding="utf-8") as opened:
        parsed.feed(opened.read())
    addresses = {url + quote(path, safe="/~"): path for path, _, _ in rows}
    expect("script" not in parsed.elements, "a label became a script")
    expect(parsed.elements.count("svg") == 1 and "desc" in parsed.elements, "there is no curve")
    expect(parsed.classes.count("query") == 24, f"{parsed.classes.count('query')} queries")
    expect(len(parsed.pictures) == 24 * (1 + K), f"{len(parsed.pictures)} pictures")
    for picture in parsed.pictures:
        source, path = picture["src"], picture["alt"]
        expect(addresses.get(source) == path, f"{source} is not the address of {path}")
        expect(picture["loading"] == "lazy" and picture["width"] and picture["height"], f"{picture}")
    for label in LABELS:
        expect((label or "(none)") in parsed.text, f"the label {label} is not in the page")


globals()[sys.argv[1]](*sys.argv[2:])
