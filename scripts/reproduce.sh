#!/usr/bin/env bash
# reproduce.sh [--xnnpack] [KIND...]: builds the engine again from nothing in other folders, and compares its bytes with those
# that scripts/build.sh made. KIND is wasm-simd or wasm-relaxed; default: both. --xnnpack also compiles XNNPACK again, which
# takes some minutes; otherwise the compiled XNNPACK is linked.
. "$(dirname "$0")/common.sh"

xnnpack_too=
[ "${1:-}" != --xnnpack ] || { xnnpack_too=yes; shift; }
[ $# -gt 0 ] || set -- wasm-simd wasm-relaxed
for kind in "$@"; do ls "$ROOT/build/$kind"/heybagh-*.wasm >/dev/null || die "run scripts/build.sh $kind first"; done

elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
copy=$elsewhere/another/folder
mkdir -p "$copy"
# all files of the project, committed or not
# shellcheck disable=SC2119
(cd "$ROOT" && project_files | tr '\n' '\0' | xargs -0 cp --parents -t "$copy")

# Makes another cache, with the toolchain of the usual one.
other_cache() {
  mkdir -p "$elsewhere/cache"
  cp -r "$CACHE/src" "$CACHE/include" "$elsewhere/cache/"
  ln -s "$CACHE/emscripten" "$elsewhere/cache/emscripten"
}

build() { HEYBAGH_CACHE=$cache "$copy/scripts/build.sh" "$1"; }

compile_xnnpack() { HEYBAGH_CACHE=$cache "$copy/scripts/xnnpack.sh" "$1"; }

cache=$CACHE
if [ -n "$xnnpack_too" ]; then
  cache=$elsewhere/cache
  other_cache
fi
different=0
for kind in "$@"; do
  [ -z "$xnnpack_too" ] || step "XNNPACK for $kind, elsewhere" compile_xnnpack "$kind"
  step "$kind, elsewhere" build "$kind"
  for wasm in "$ROOT/build/$kind"/heybagh-*.wasm; do
    name=$(basename "$wasm")
    if cmp "$wasm" "$copy/build/$kind/$name"; then
      say "$name: identical, sha256 $(sha256sum <"$wasm" | cut -c1-16)"
    else
      different=$((different + 1))
    fi
  done
done
[ $different -eq 0 ] || die "$different of the engine's files depend on where they are built"
