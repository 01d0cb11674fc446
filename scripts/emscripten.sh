#!/usr/bin/env bash
# emscripten.sh: unpacks Debian's Emscripten, with its LLVM, Binaryen and C library, into the cache. Its programs are changed to
# use the loader and libraries there, so no root, chroot or container is needed. Only a fifth of its 2.4 GB is unpacked.
. "$(dirname "$0")/common.sh"
. "$ROOT/scripts/debian.sh"

# The tools, their libraries, and the parser for emcc's JavaScript. Node.js and Python are the system's.
PACKAGES=(emscripten binaryen clang-19 libclang-common-19-dev llvm-19 lld-19
  libc6 libgcc-s1 libstdc++6 libllvm19 libclang-cpp19 libz3-4 libgmp10 libxml2 libicu76 liblzma5 zlib1g libzstd1
  libedit2 libbsd0 libmd0 libtinfo6 libffi8 libxxhash0 node-acorn)
# Skips libraries for shared objects, 64-bit memory, pthreads, WASM_WORKERS and C++ exceptions, and files that nothing reads.
LEFT_OUT=('*/sysroot/lib/*/pic' '*/sysroot/lib/*/lto-pic' '*/sysroot/lib/wasm64-emscripten' '*-ww.a' '*-ww-*.a' '*-mt-*.a'
  '*-except.a' '*/libwasmfs*' './usr/share/doc' './usr/share/man' './usr/share/locale'
  '*/bin/llvm-exegesis' '*/share/emscripten/tests')

dest=$CACHE/emscripten
root=$dest/root
rm -rf "$dest"
unpack_suite_packages "$EMSCRIPTEN_SUITE" "$root" "${PACKAGES[@]}"

for l in bin lib lib64 sbin; do [ -e "$root/$l" ] || ln -s "usr/$l" "$root/$l"; done
loader=$root/usr/lib64/ld-linux-x86-64.so.2
llvm=$(ls -d "$root"/usr/lib/llvm-*/bin)
rpath=$root/usr/lib/x86_64-linux-gnu:$(dirname "$llvm")/lib

is_elf() { [ "$(head -c4 "$1" | tail -c3)" = ELF ]; }
programs=(clang clang++ lld wasm-ld llvm-ar llvm-nm llvm-objcopy llvm-objdump llvm-strip llvm-ranlib llvm-symbolizer
  llvm-cxxfilt llvm-dwarfdump llvm-dwp clang-scan-deps wasm-opt wasm-metadce wasm-emscripten-finalize wasm-ctor-eval
  wasm2js wasm-split wasm-as wasm-dis wasm-merge)
for program in "${programs[@]}"; do
  for f in "$llvm/$program" "$root/usr/bin/$program"; do
    f=$(readlink -e "$f") || continue
    if is_elf "$f"; then patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$rpath" "$f"; fi
  done
done
# A library with a RUNPATH ignores the RPATH of its program and might load the system's libraries.
for f in "$root"/usr/lib/x86_64-linux-gnu/lib{LLVM,clang,binaryen}*.so* "$(dirname "$llvm")"/lib/*.so*; do
  f=$(readlink -e "$f") || continue
  if is_elf "$f"; then patchelf --force-rpath --set-rpath "$rpath" "$f"; fi
done

em=$root/usr/share/emscripten
cat >"$em/.emscripten" <<CONFIG
LLVM_ROOT = '$llvm'
BINARYEN_ROOT = '$root/usr'
NODE_JS = '$(command -v node)'
CACHE = '$em/cache'
CONFIG
ln -sfn ../nodejs "$em/node_modules"
ln -sfn root/usr/share/emscripten "$dest/bin"
"$dest/bin/emcc" --version | sed -n 1p
touch "$dest/.ready"
