#!/usr/bin/env bash
# build.sh [--programs] [PRESET...]: compiles index-builder and the tests (native, native-asan, native-coverage), the fuzz
# targets (native-fuzz) and the browser's engine (wasm-simd, wasm-relaxed, wasm-simd-asan) into build/PRESET.
# Default: native, wasm-simd and wasm-relaxed. --programs skips tests and benchmarks.
. "$(dirname "$0")/common.sh"

only=()
[ "${1:-}" != --programs ] || { only=(--target programs); shift; }
[ $# -gt 0 ] || set -- native wasm-simd wasm-relaxed

build() {
  local preset=$1 folder=${HEYBAGH_BUILD:-build/$1} configure=(cmake) options=() kind=${1%-asan}
  case $kind in native-*) kind=native ;; esac
  local xnnpack=${HEYBAGH_XNNPACK:-$("$ROOT/scripts/xnnpack.sh" "$kind" --where)}
  [ -e "$xnnpack/lib" ] || { echo "XNNPACK is missing; run scripts/setup.sh first"; return 1; }
  case $preset in
  wasm-*)
    configure=("$(emcc_dir)/emcmake" cmake)
    mapfile -t options < <(direct_wasm_compiler)
    ;;
  *) export CC=$CLANG ;;
  esac
  cd "$ROOT"
  "${configure[@]}" --preset "$preset" -B "$folder" -DHEYBAGH_XNNPACK="$xnnpack" -DHEYBAGH_HEADERS="$CACHE/include" \
    "${options[@]}"
  cmake --build "$folder" -j "$JOBS" "${only[@]}"
}

for preset in "$@"; do step "compiling $preset" build "$preset"; done
