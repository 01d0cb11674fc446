"""check_json.py WHAT [ARGUMENT...]: stdin must be what index-builder prints with --json for WHAT; exit 1 if not.
Each line has to be JSON of its own."""
import hashlib
import json
import os
import re
import sys

what, arguments = sys.argv[1], sys.argv[2:]
lines = [json.loads(line) for line in sys.stdin.read().splitlines()]


def expect(condition, words):
    if not condition:
        sys.exit(f"  check_json {what}: {words}")


def keys(value, names):
    for name in names.split():
        expect(name in value, f"'{name}' is missing in {value}")


def check_search(images, k):
    """One line an image; the results in order, at most k."""
    expect(len(lines) == int(images), f"{len(lines)} lines for {images} images")
    for line in lines:
        keys(line, "image results nprobe scanned")
        scores = [result["score"] for result in line["results"]]
        expect(len(scores) <= int(k), "more results than asked for")
        expect(scores == sorted(scores, reverse=True), "results are not in order")
        for result in line["results"]:
            keys(result, "path label score id content")
            expect(re.fullmatch("[0-9a-f]{16}", result["content"]), "content is not 16 hex digits")
            expect(-1.0001 <= result["score"] <= 1.0001, "a score is not a cosine")
            expect(result["label"] == (result["path"].split("/")[0] if "/" in result["path"] else ""), "wrong label")


def check_first(path):
    """The best result of the only line is this image, and it is the same picture."""
    best = lines[0]["results"][0]
    expect(best["path"] == path and best["score"] > 0.9999, f"{best} comes first")


def check_labels(*labels):
    found = {result["label"] for line in lines for result in line["results"]}
    expect(found and found <= set(labels), f"labels {found}")


def check_scores(minimum):
    scores = [result["score"] for line in lines for result in line["results"]]
    expect(scores and min(scores) >= float(minimum), f"scores from {min(scores, default=None)}")


def check_embed(images, dim):
    expect(len(lines) == int(images), f"{len(lines)} lines for {images} images")
    for line in lines:
        keys(line, "image embedding")
        expect(len(line["embedding"]) == int(dim), f"{len(line['embedding'])} numbers")
        expect(abs(sum(x * x for x in line["embedding"]) - 1) < 1e-5, "not of unit length")


def check_build(images, nlist, skipped):
    expect(len(lines) == 1, "not one line")
    keys(lines[0], "images seconds images_per_second threads timings nlist nprobe recall scanned bytes files skipped "
         "kept added changed removed moved embedded trained imbalance trained_imbalance files_new head storage dim")
    expect(lines[0]["images"] == int(images), f"{lines[0]['images']} images")
    expect(lines[0]["nlist"] == int(nlist), f"nlist {lines[0]['nlist']}")
    expect(1 <= lines[0]["nprobe"] <= lines[0]["nlist"], "nprobe out of range")
    expect(lines[0]["imbalance"] >= 1 and lines[0]["trained_imbalance"] >= 1, "lists are more even than even")
    expect(lines[0]["files_new"] <= lines[0]["files"], "more new files than files")
    expect(sorted(s["path"] for s in lines[0]["skipped"]) == skipped.split(), f"skipped {lines[0]['skipped']}")
    expect(all(s["error"] for s in lines[0]["skipped"]), "a skipped image without a reason")


def check_fates(*counts):
    """NAME=COUNT of what became of the images; all others are 0."""
    expected = dict.fromkeys("kept added changed removed moved embedded resumed".split(), 0)
    expected.update((name, int(count)) for name, count in (pair.split("=") for pair in counts))
    found = {name: lines[0][name] for name in expected}
    expect(found == expected, f"{found}")
    sum_of_all = sum(found[name] for name in "kept added changed moved".split())
    expect(lines[0]["images"] == sum_of_all, f"{lines[0]['images']} images are not {sum_of_all}")


def check_paths(folder):
    """The only line's results are all pictures of the folder, with the content that the files have."""
    found = {result["path"]: result["content"] for result in lines[0]["results"]}
    expected = {}
    for directory, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                expected[os.path.relpath(path, folder)] = hashlib.sha256(file.read()).hexdigest()[:16]
    expect(found == expected, f"{sorted(found.items() ^ expected.items())}")


def check_ids(before):
    """Images of the answer `before` (a file) with the same path and content still have their ids; no id is there
    twice."""
    def ids(line):
        return {(result["path"], result["content"]): result["id"] for result in json.loads(line)["results"]}
    with open(before) as file:
        old = ids(file.readline())
    new = ids(json.dumps(lines[0]))
    expect(len(set(new.values())) == len(new), "an id is there twice")
    changed = [image for image in old if image in new and old[image] != new[image]]
    expect(not changed, f"other ids: {changed}")


def check_own(vectors, dim):
    """Line n is the answer to VECTORS#n and begins with that vector, which has the name n and its f32 bytes' hash."""
    with open(vectors, "rb") as file:
        rows = file.read()[-4 * int(dim) * len(lines):]
    for number, line in enumerate(lines):
        best = line["results"][0]
        row = rows[4 * int(dim) * number:4 * int(dim) * (number + 1)]
        expect(line["image"] == f"{vectors}#{number}", line["image"])
        expect(best["content"] == hashlib.sha256(row).hexdigest()[:16], f"content of {number} is {best['content']}")
        expect(best["path"].split("/")[-1] == str(number) and best["score"] > 0.999, f"{number} finds {best}")


def check_eval(images, classes, extra):
    """The sums, a line a class, and a line an image if there are any."""
    sums, others = lines[0], lines[1:]
    keys(sums, "count k nprobe precision map classes class_precision class_map recall " + extra)
    expect(sums["count"] == int(images) and sums["classes"] == int(classes), f"{sums}")
    recalls = [r["recall"] for r in sums["recall"]]
    expect(all(0 <= r <= 1 for r in recalls) and recalls[-1] == 1, f"recall {recalls}")
    expect(sums["recall"][-1]["scanned"] == 1, "the last nprobe does not scan all")
    by_class = [line for line in others if "class" in line]
    by_image = [line for line in others if "image" in line]
    expect(len(by_class) == int(classes) and len(by_class) + len(by_image) == len(others), f"{len(others)} more lines")
    expect(len(by_image) in (0, int(images)), f"{len(by_image)} images")
    paths = [line["image"] for line in by_image]
    expect(paths == sorted(paths), "the images are not in byte order of their paths")
    mean = sum(c["precision"] * c["images"] for c in by_class) / sums["count"]
    expect(abs(mean - sums["precision"]) < 1e-5, "the classes' precision does not add up")


def check_calibrated(pictures):
    """What `model` says of the pictures that it calibrated i8 on."""
    expect(len(lines) == 1, f"{len(lines)} lines")
    keys(lines[0], "id precision pictures ranges scores")
    expect(lines[0]["pictures"] == int(pictures), f"{lines[0]['pictures']} pictures")
    scores = {score["ranges"]: score for score in lines[0]["scores"]}
    expect(set(scores) == {"max", "percentile", "least error"}, f"{scores}")
    expect(all(0.9 < score["least"] <= score["mean"] <= 1 for score in scores.values()), f"{scores}")
    expect(scores[lines[0]["ranges"]]["mean"] == max(score["mean"] for score in scores.values()), "not the best taken")


def check_same(minimum):
    expect(lines[0]["same"] >= float(minimum), f"same {lines[0]['same']}")


def check_equals(*pairs):
    """KEY=VALUE of the only line."""
    expect(len(lines) == 1, f"{len(lines)} lines")
    for pair in pairs:
        name, value = pair.split("=", 1)
        expect(str(lines[0].get(name)) == value, f"{name} is {lines[0].get(name)}")


globals()["check_" + what](*arguments)
