#!/usr/bin/env bash
# build.sh [PRESET...]: compiles the index-builder and the tests (native, native-asan), the fuzz targets (native-fuzz) and
# the browser's engine (wasm-simd, wasm-relaxed) into build/PRESET. Without names: native, wasm-simd and wasm-relaxed.
. "$(dirname "$0")/common.sh"

[ $# -gt 0 ] || set -- native wasm-simd wasm-relaxed

build() {
  local preset=$1 kind=$1 configure=(cmake)
  case $kind in native-*) kind=native ;; esac
  local xnnpack
  xnnpack=$("$ROOT/scripts/xnnpack.sh" "$kind" --where)
  [ -e "$xnnpack/.ready" ] || { echo "XNNPACK is not there yet; run scripts/setup.sh first"; return 1; }
  case $preset in
  wasm-*) configure=("$(emcc_dir)/emcmake" cmake) ;;
  *) export CC=$CLANG ;;
  esac
  cd "$ROOT"
  "${configure[@]}" --preset "$preset" -DHEYBAGH_XNNPACK="$xnnpack" -DHEYBAGH_HEADERS="$CACHE/include"
  cmake --build "build/$preset" -j "$JOBS"
}

for preset in "$@"; do step "compiling $preset" build "$preset"; done
