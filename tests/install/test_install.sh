#!/usr/bin/env bash
# test_install.sh BUILD MODEL COMPILER FLAG...: installs the build into a folder, moves the folder, compiles examples/search.c
# with what pkg-config says, and searches with it. MODEL comes from make_weights.
set -euo pipefail

build=$(realpath "$1") model=$(realpath "$2") compiler=$3
shift 3
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d "${TMPDIR:-/tmp}/heybagh-install-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*" >&2; exit 1; }

cmake --install "$build" --prefix "$work/elsewhere" >/dev/null
mv elsewhere prefix # nothing may remember where it was
[ "$(cd prefix/include && find . -type f)" = ./heybagh.h ] || fail "more or less than heybagh.h is public"
PKG_CONFIG_LIBDIR=$(dirname "$(find "$work/prefix" -name heybagh.pc)")
export PKG_CONFIG_LIBDIR
version=$(head -n 1 "$root/VERSION")
[ "$(pkg-config --modversion heybagh)" = "$version" ] || fail "heybagh.pc is not of version $version"
[ "$(prefix/bin/index-builder --version)" = "index-builder $version" ] || fail "index-builder is not of version $version"

read -ra cflags < <(pkg-config --cflags heybagh)
read -ra libs < <(pkg-config --libs heybagh)
strict=(-std=c11 -Wall -Wextra -Wpedantic -Werror)
cat >version.c <<'END'
#include <heybagh.h>
#include <string.h>
int main(int argc, char **argv) { return argc == 2 && strcmp(hb_version(), argv[1]) == 0 ? 0 : 1; }
END
"$compiler" "${strict[@]}" "$@" version.c "${cflags[@]}" "${libs[@]}" -o version
./version "$version" || fail "hb_version() is not $version"
"$compiler" "${strict[@]}" "$@" "$root/examples/search.c" "${cflags[@]}" "${libs[@]}" -o search

mkdir images
python3 -c '
import random
for n in range(1, 7):
    noise = random.Random(n)
    with open(f"images/{n}.ppm", "wb") as file:
        file.write(b"P6\n64 48\n255\n" + bytes(noise.randrange(256) for _ in range(64 * 48 * 3)))'
prefix/bin/index-builder build --model "$model" --images images --out bundle --head exact --json >/dev/null

./search "$model" bundle images/3.ppm >found
[ "$(wc -l <found)" -eq 4 ] || fail "not four results: $(cat found)"
head -n 1 found | grep -q '^\(1\.0000\|0\.999.\) 3\.ppm$' || fail "a picture is not most like itself: $(cat found)"
prefix/bin/index-builder search --model "$model" --index bundle --k 4 --json images/3.ppm >expected
grep -o '"path":"[^"]*"' expected | sed 's/"path":"//; s/"$//' >paths
cut -d ' ' -f 2 found | diff - paths || fail "index-builder finds other pictures"
status=0
./search "$model" bundle /nowhere 2>/dev/null || status=$?
[ $status -eq 1 ] || fail "a picture that is not there ends with $status"
