#!/usr/bin/env bash
# xnnpack.sh KIND [--where | --list]: compiles XNNPACK and pthreadpool into the cache, as a folder with include/ and lib/.
# KIND is native, wasm-simd or wasm-relaxed: XNNPACK chooses plain or relaxed SIMD kernels when it is compiled.
#   --where  prints the folder, and compiles nothing
#   --list   writes cmake/xnnpack/KIND.txt anew, for another version of XNNPACK: compiles all of it and looks at what the
#            linker takes. Needs scripts/setup.sh tests before
# Only the files of that list are compiled, a third of them natively and a sixth for wasm. A processor without a list gets
# all. A run that was stopped goes on where it was.
. "$(dirname "$0")/common.sh"

kind=${1:?native, wasm-simd or wasm-relaxed}
case $kind in native | wasm-simd | wasm-relaxed) ;; *) die "no such kind: $kind" ;; esac
src=$CACHE/src
patches=$ROOT/scripts/patches
list=$ROOT/cmake/xnnpack/$kind.txt
case $kind-$(uname -m) in
native-x86_64 | wasm-*) ;;
*) list='' ;;
esac

# Whatever changes the library changes its folder's name, so that an old one is never taken for a new one.
key=$(cat "$ROOT/scripts/xnnpack.sh" "$ROOT/cmake/xnnpack/only.cmake" ${list:+"$list"} "$patches"/*.patch \
  "$patches"/wasm-include/* <(echo "$SOURCES") | sha256sum | cut -c1-12)
dest=$CACHE/xnnpack/$kind-$key

# configure FOLDER LIST: LIST may be empty, for all sources.
configure() {
  # Functions in sections of their own: the linker leaves out those that nothing calls, and asks for nothing that only
  # these call. So a table of kernels for ten number formats needs only those of two.
  local flags='-ffunction-sections -fdata-sections' options=(-S "$src/xnnpack" -B "$1" -G Ninja
    -DCMAKE_BUILD_TYPE=Release -DXNNPACK_LIBRARY_TYPE=static -DXNNPACK_BUILD_TESTS=OFF -DXNNPACK_BUILD_BENCHMARKS=OFF
    -DXNNPACK_BUILD_ALL_MICROKERNELS=OFF -DXNNPACK_ENABLE_KLEIDIAI=OFF -DFXDIV_SOURCE_DIR="$src/fxdiv"
    -DPTHREADPOOL_SOURCE_DIR="$src/pthreadpool" -DPython_EXECUTABLE=/usr/bin/python3
    -DCMAKE_PROJECT_INCLUDE="$ROOT/cmake/xnnpack/only.cmake" -DHEYBAGH_SOURCES="$2" -DHEYBAGH_SOURCE_ROOT="$src")
  case $kind in
  native)
    cmake "${options[@]}" -DCPUINFO_SOURCE_DIR="$src/cpuinfo" -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
      -DCMAKE_C_COMPILER=$CLANG -DCMAKE_CXX_COMPILER=${CLANG/clang/clang++} \
      -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags"
    ;;
  *)
    local relaxed=OFF
    [ "$kind" = wasm-simd ] || relaxed=ON
    flags+=" -D_GNU_SOURCE -include math.h '-I$patches/wasm-include'"
    mapfile -t direct < <(direct_wasm_compiler)
    "$(emcc_dir)/emcmake" cmake "${options[@]}" -DXNNPACK_ENABLE_WASM_RELAXED_SIMD=$relaxed "${direct[@]}" \
      -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags"
    ;;
  esac
}

# install_from BUILD FOLDER
install_from() {
  mkdir -p "$2/lib" "$2/include"
  find "$1" -name '*.a' -exec cp {} "$2/lib/" \;
  cp "$src/xnnpack/include/xnnpack.h" "$src/pthreadpool/include/pthreadpool.h" "$2/include/"
}

# Links all programs with all of XNNPACK, and keeps the names of the files that they took something from.
write_list() {
  local whole=$CACHE/xnnpack/$kind-whole programs
  rm -rf "$whole" "$whole.build" "$ROOT/build/$kind-whole"
  step "compiling all of XNNPACK for $kind" configure_and_build "$whole.build" ''
  install_from "$whole.build" "$whole"
  HEYBAGH_XNNPACK=$whole HEYBAGH_BUILD=build/$kind-whole "$ROOT/scripts/build.sh" "$kind"
  programs=$(/usr/bin/python3 "$ROOT/scripts/xnnpack_used.py" list "$whole.build" "$src" "$ROOT/build/$kind-whole")
  {
    sed -n '/^#/p' "$list"
    printf '%s\n' "$programs"
  } >"$list.new"
  mv "$list.new" "$list"
  rm -rf "$whole" "$whole.build" "$ROOT/build/$kind-whole"
  say "cmake/xnnpack/$kind.txt: $(grep -vc '^#' "$list") files"
}

configure_and_build() {
  configure "$1" "$2"
  ninja -C "$1" -j "$JOBS" XNNPACK
}

case ${2:-} in
--where) echo "$dest" ;;
--list) write_list ;;
'')
  [ ! -e "$dest/.ready" ] || exit 0
  build=$dest.build
  configure_and_build "$build" "$list"
  rm -rf "$dest"
  install_from "$build" "$dest"
  touch "$dest/.ready"
  rm -rf "$build"
  ;;
*) die "usage: xnnpack.sh KIND [--where | --list]" ;;
esac
