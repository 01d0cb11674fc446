"""check_plain.py FILE...: the files hold lines of text that steer no terminal: valid UTF-8 without control characters
but the ends of lines, without line separators and without controls of writing direction."""
import sys
import unicodedata

for name in sys.argv[1:]:
    with open(name, "rb") as file:
        text = file.read().decode("utf-8")
    for character in text.replace("\n", ""):
        kind = unicodedata.category(character)
        bidirectional = unicodedata.bidirectional(character) in "LRE RLE LRO RLO PDF LRI RLI FSI PDI".split()
        if kind in ("Cc", "Zl", "Zp") or bidirectional or character in "\u061c\u200e\u200f\ufeff":
            sys.exit(f"{name} holds U+{ord(character):04X}: {text!r}")
