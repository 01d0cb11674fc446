#!/usr/bin/python3
"""Which of XNNPACK's files the programs of a build consist of.

    xnnpack_used.py check LIBRARIES BUILD           fails if a file was compiled from which no program takes anything
    xnnpack_used.py list XNNPACK_BUILD SOURCES BUILD  prints the files, relative to SOURCES, from which one does

LIBRARIES is the folder with XNNPACK's archives, XNNPACK_BUILD the folder in which ninja compiled them, BUILD is build/native,
build/wasm-simd or the like. Natively the programs' symbols tell; in wasm, which has none, the linker's maps.
"""
import json
import os
import re
import subprocess
import sys

PLACEHOLDER = "nothing.c"  # of a library from which nothing is wanted (cmake/xnnpack/only.cmake)
NM = ["llvm-nm-19", "--defined-only", "--format=just-symbols"]


def output(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout  # what llvm-nm says of files without symbols is of no interest


def programs(build):
    """Executables of CMake's targets."""
    found = []
    for folder, folders, names in os.walk(build):
        folders[:] = [name for name in folders if name != "CMakeFiles"]
        paths = [os.path.join(folder, name) for name in names]
        found += [path for path in paths if os.access(path, os.X_OK) and open(path, "rb").read(4) == b"\x7fELF"]
    return found


def linked_symbols(build):
    return {symbol for program in programs(build) for symbol in output(NM + [program]).split()}


def mapped_members(build):
    """(archive, object file) of all maps, such as ("libXNNPACK.a", "init.c.o"); None where there are no maps."""
    maps = [os.path.join(build, name) for name in os.listdir(build) if name.endswith(".map")]
    members = set()
    for path in maps:
        with open(path, encoding="utf-8", errors="replace") as file:
            members.update(re.findall(r"([\w-]+\.a)\(([^()]+\.o)\)", file.read()))
    return members if maps else None


def archive_members(archive):
    """[(object file, its symbols)], which may have the same name twice."""
    members = []
    for line in output(NM + ["--extern-only", archive]).splitlines():
        heading = re.fullmatch(r"(?:.*[:(])?([^:()]+\.o)\)?:", line)
        if heading:
            members.append((heading[1], set()))
        elif line:
            members[-1][1].add(line.strip())
    return members


def check(libraries, build):
    mapped = mapped_members(build)
    symbols = linked_symbols(build) if mapped is None else set()
    count, unused = 0, []
    for name in sorted(os.listdir(libraries)):
        for member, defined in archive_members(os.path.join(libraries, name)):
            if member.startswith(PLACEHOLDER):
                continue
            count += 1
            used = defined & symbols if mapped is None else (name, member) in mapped
            if not used:
                unused.append(f"{name}: {member[:-2]}")
    if count == 0:
        sys.exit(f"{libraries} has no object files")
    print(f"{build}: {count - len(unused)} of {count} files of XNNPACK are used")
    for name in unused:
        print(f"  nothing is linked of {name}", file=sys.stderr)
    return 1 if unused else 0


def list_used(xnnpack_build, sources, build):
    mapped = mapped_members(build)
    names = {member for _, member in mapped} if mapped is not None else set()
    symbols = linked_symbols(build) if mapped is None else set()
    used = set()
    for command in json.loads(output(["ninja", "-C", xnnpack_build, "-t", "compdb"])):
        compiled = os.path.join(xnnpack_build, command["output"])
        if not compiled.endswith(".o") or not os.path.exists(compiled):
            continue
        path = os.path.relpath(os.path.join(command["directory"], command["file"]), sources)
        if path.startswith("..") or path.endswith(PLACEHOLDER):
            continue
        defined = set() if mapped is not None else set(output(NM + ["--extern-only", compiled]).split())
        if os.path.basename(compiled) in names or defined & symbols:
            used.add(path)
    print("\n".join(sorted(used)))
    return 0 if used else 1


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "check":
        sys.exit(check(*sys.argv[2:]))
    if len(sys.argv) == 5 and sys.argv[1] == "list":
        sys.exit(list_used(*sys.argv[2:]))
    sys.exit(__doc__)
