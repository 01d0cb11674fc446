#!/usr/bin/python3
"""make.py DIR: some three hundred pictures of every kind that people have and that decoders stumble over, each with its
right answer: its pixels, made without any of the project's decoders, or words of the sentence that refuses it. All of
them are made here, the same ones each time. Needs Debian's python3-numpy, python3-pil and libjpeg-turbo-progs.

  DIR/pictures/NAME      the files
  DIR/answers/NAME.png   what they show, the right way up, laid over white
  DIR/corpus.json        a list of {
      file,
      answer    true if there is one
      refusal   words of index-builder's sentence, if it does not read the file
      engine    the code with which the browser's engine alone refuses it, if index-builder's other decoders, or the
                browser's, come into play
      page      what the page does, if that is not what index-builder does: "answer"; "refusal", with `page_refusal`;
                "shown", as the browser shows it; "skipped"
      shown     false if Chromium shows something else, or nothing
      tolerance the mean distance of pixels (0 to 255) that is still right }
"""
import json
import os
import shutil
import sys

import bmps
import gifs
import jpegs
import others
import pngs
import pnms
from scene import encode

# JPEG loses something; everything else is as it was.
TOLERANCES = {".jpg": 2}


MAKERS = ((bmps, "bmp-"), (gifs, "gif-"), (jpegs, "jpg-"), (pngs, "png-"), (pnms, "pnm-"), (others, ""))


def pictures():
    """(name, content) alone."""
    made = []
    for maker, prefix in MAKERS:
        maker.make(lambda name, content, *_, prefix=prefix, **__: made.append((prefix + name, content)))
    return made


def make(folder):
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("pictures", "answers"):
        os.makedirs(os.path.join(folder, name))
    corpus = []

    def add(name, content, answer=None, **told):
        assert answer is not None or "refusal" in told, name
        assert all(name != known["file"] for known in corpus), name
        with open(os.path.join(folder, "pictures", name), "wb") as file:
            file.write(content)
        if answer is not None:
            with open(os.path.join(folder, "answers", name + ".png"), "wb") as file:
                file.write(encode(answer, "PNG"))
        tolerance = TOLERANCES.get(os.path.splitext(name)[1], 0)
        corpus.append({"file": name, "answer": answer is not None, "refusal": None, "engine": None, "page": None,
                       "page_refusal": None, "shown": True, "tolerance": tolerance, **told})

    for maker, prefix in MAKERS:
        maker.make(lambda name, *arguments, prefix=prefix, **told: add(prefix + name, *arguments, **told))
    with open(os.path.join(folder, "corpus.json"), "w") as file:
        json.dump(corpus, file, indent=1)
    return corpus


if __name__ == "__main__":
    print(f"{len(make(sys.argv[1]))} pictures in {sys.argv[1]}")
