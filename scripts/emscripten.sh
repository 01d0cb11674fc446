#!/usr/bin/env bash
# emscripten.sh: unpacks Debian's Emscripten (with its own LLVM, Binaryen and C library) into the cache, beside the
# system: its programs are pointed at its own loader and libraries, so no root, chroot or container is needed.
. "$(dirname "$0")/common.sh"
. "$ROOT/scripts/debian.sh"

dest=$CACHE/emscripten
root=$dest/root
rm -rf "$dest"
unpack_suite_package "$EMSCRIPTEN_SUITE" "$root" emscripten

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
# A library with a RUNPATH of its own ignores its program's RPATH and might find the host's libraries.
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
