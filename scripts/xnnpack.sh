#!/usr/bin/env bash
# xnnpack.sh native|wasm-simd|wasm-relaxed: compiles XNNPACK and pthreadpool into the cache and prints the folder,
# which holds include/ and lib/. XNNPACK chooses plain or relaxed SIMD kernels when it is compiled, hence two wasm kinds.
. "$(dirname "$0")/common.sh"

kind=${1:?native, wasm-simd or wasm-relaxed}
src=$CACHE/src
patches=$ROOT/scripts/patches

# Whatever changes the library changes its folder's name, so that an old one is never taken for a new one.
key=$(cat "$ROOT/scripts/xnnpack.sh" "$patches"/*.patch "$patches"/wasm-include/* <(echo "$SOURCES") |
  sha256sum | cut -c1-12)
dest=$CACHE/xnnpack/$kind-$key
[ "${2:-}" = --where ] && { echo "$dest"; exit; }
[ -e "$dest/.ready" ] && exit

build=$CACHE/xnnpack/$kind.build
rm -rf "$build" "$dest"
options=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DXNNPACK_LIBRARY_TYPE=static -DXNNPACK_BUILD_TESTS=OFF
  -DXNNPACK_BUILD_BENCHMARKS=OFF -DXNNPACK_BUILD_ALL_MICROKERNELS=OFF -DXNNPACK_ENABLE_KLEIDIAI=OFF
  -DFXDIV_SOURCE_DIR="$src/fxdiv" -DPTHREADPOOL_SOURCE_DIR="$src/pthreadpool" -DPython_EXECUTABLE=/usr/bin/python3
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON)
case $kind in
native)
  cmake -S "$src/xnnpack" -B "$build" "${options[@]}" -DCPUINFO_SOURCE_DIR="$src/cpuinfo" \
    -DCMAKE_C_COMPILER=$CLANG -DCMAKE_CXX_COMPILER=${CLANG/clang/clang++}
  ;;
wasm-simd | wasm-relaxed)
  relaxed=OFF
  [ "$kind" = wasm-relaxed ] && relaxed=ON
  flags="-D_GNU_SOURCE -include math.h -I$patches/wasm-include"
  "$(emcc_dir)/emcmake" cmake -S "$src/xnnpack" -B "$build" "${options[@]}" -DCMAKE_POSITION_INDEPENDENT_CODE=OFF \
    -DXNNPACK_ENABLE_WASM_RELAXED_SIMD=$relaxed -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags"
  ;;
*) die "no such kind: $kind" ;;
esac
ninja -C "$build" XNNPACK

mkdir -p "$dest/lib" "$dest/include"
find "$build" -name '*.a' -exec cp {} "$dest/lib/" \;
cp "$src/xnnpack/include/xnnpack.h" "$src/pthreadpool/include/pthreadpool.h" "$dest/include/"
rm -rf "$build"
touch "$dest/.ready"
