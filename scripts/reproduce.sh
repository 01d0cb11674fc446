#!/usr/bin/env bash
# reproduce.sh [--xnnpack] [KIND...]: builds the engine once more, from nothing and in other folders, and compares it
# byte by byte with what scripts/build.sh made. KIND: wasm-simd, wasm-relaxed; both by default. --xnnpack compiles
# XNNPACK anew, too, which takes some minutes; else the same one is linked.
. "$(dirname "$0")/common.sh"

xnnpack_too=
[ "${1:-}" != --xnnpack ] || { xnnpack_too=yes; shift; }
[ $# -gt 0 ] || set -- wasm-simd wasm-relaxed
for kind in "$@"; do ls "$ROOT/build/$kind"/heybagh-*.wasm >/dev/null || die "run scripts/build.sh $kind first"; done

elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
copy=$elsewhere/another/folder
mkdir -p "$copy"
# what is there, committed or not
# shellcheck disable=SC2119
(cd "$ROOT" && project_files | tr '\n' '\0' | xargs -0 cp --parents -t "$copy")

# A cache of its own, with the toolchain of the other.
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
      say "$name: the same bytes, sha256 $(sha256sum <"$wasm" | cut -c1-16)"
    else
      different=$((different + 1))
    fi
  done
done
[ $different -eq 0 ] || die "$different of the engine's files depend on where they are built"
