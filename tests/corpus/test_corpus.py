#!/usr/bin/python3
"""test_corpus.py CORPUS DECODE_FILES [BUILDER MODEL]: each picture of make.py against its right answer, natively: the
pixels or the sentence, by all decoders and by those that the browser's engine has; and with BUILDER and MODEL the
embeddings, which must be as good as the same (cosine). For a sanitized DECODE_FILES, too."""
import json
import os
import subprocess
import sys
import tempfile

import numpy
from PIL import Image

COSINE = 0.98
INCOMPLETE = "less than three quarters"


def decode(program, corpus, pictures, *options, perturb="0"):
    """What becomes of all pictures: {file: pixels, or what was told}."""
    paths = [os.path.join(corpus, "pictures", told["file"]) for told in pictures]
    with tempfile.TemporaryDirectory() as out:
        ran = subprocess.run([program, *options, out, *paths], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "MALLOC_PERTURB_": perturb})
        if ran.returncode:
            sys.exit(f"{program} ended with {ran.returncode} after {ran.stdout.splitlines()[-1:]}")
        results = {}
        for line in map(json.loads, ran.stdout.splitlines()):
            path = os.path.join(out, line["file"] + ".ppm")
            results[line["file"]] = line if "error" in line else numpy.array(Image.open(path))
        return results


def is_refusal(result):
    return isinstance(result, dict)


def answer_of(corpus, told):
    return numpy.asarray(Image.open(os.path.join(corpus, "answers", told["file"] + ".png")))


def check_answer(corpus, told, result):
    """What is wrong, or nothing."""
    if told["refusal"]:
        if not is_refusal(result):
            return "was read"
        return None if told["refusal"] in result["error"] else f"told: {result['error']}"
    if is_refusal(result):
        return f"was refused: {result['error']}"
    answer = answer_of(corpus, told)
    if answer.shape != result.shape:
        return f"has {result.shape[1]} x {result.shape[0]} pixels, not {answer.shape[1]} x {answer.shape[0]}"
    distance = abs(answer.astype(int) - result).mean()
    return f"is {distance:.2f} off" if distance > told["tolerance"] else None


def check_engine(told, result, alone):
    """Without other decoders: the same pixels, or a code with which another decoder is asked."""
    if told["engine"]:
        if not is_refusal(alone):
            return "was read by the engine alone"
        return None if alone["code"] == told["engine"] else f"was refused by the engine alone as {alone['code']}"
    if is_refusal(alone) != is_refusal(result):
        return f"is another thing to the engine alone: {alone}"
    same = alone["error"] == result["error"] if is_refusal(alone) else numpy.array_equal(alone, result)
    return None if same else "looks different to the engine alone"


def check_pixels(corpus, program, pictures):
    wrong = []
    results = decode(program, corpus, pictures)
    alone = decode(program, corpus, pictures, "--alone")
    # memory that was never written has another content now
    again = decode(program, corpus, pictures, perturb="85")
    for told in pictures:
        name = told["file"]
        problems = [check_answer(corpus, told, results[name]), check_engine(told, results[name], alone[name])]
        if not is_refusal(results[name]) and not numpy.array_equal(results[name], again[name]):
            problems.append("looks different when memory had another content")
        wrong += [f"{name} {problem}" for problem in problems if problem]
    return wrong


def embed(builder, model, paths):
    ran = subprocess.run([builder, "embed", "--model", model, "--json", *paths], stdout=subprocess.PIPE, check=True)
    return [numpy.array(json.loads(line)["embedding"]) for line in ran.stdout.splitlines()]


def check_embeddings(corpus, builder, model, pictures):
    read = [told["file"] for told in pictures if not told["refusal"]]
    pairs = [os.path.join(corpus, "pictures", name) for name in read]
    pairs += [os.path.join(corpus, "answers", name + ".png") for name in read]
    embeddings = embed(builder, model, pairs)
    cosines = [float(a @ b) for a, b in zip(embeddings[:len(read)], embeddings[len(read):])]
    print(f"{len(read)} embeddings: the least cosine is {min(cosines):.4f}")
    return [f"{name} has the cosine {cosine:.4f}" for name, cosine in zip(read, cosines) if cosine < COSINE]


def main():
    corpus, program, *with_model = sys.argv[1:]
    with open(os.path.join(corpus, "corpus.json")) as file:
        pictures = json.load(file)
    wrong = check_pixels(corpus, program, pictures)
    if with_model:
        wrong += check_embeddings(corpus, *with_model, pictures)
    for line in wrong:
        print(line, file=sys.stderr)
    refused = sum(told["refusal"] is not None for told in pictures)
    print(f"{len(pictures)} pictures, of which {refused} are to be refused: {len(wrong)} are wrong")
    sys.exit(len(wrong) > 0)


if __name__ == "__main__":
    main()
