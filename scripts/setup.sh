#!/usr/bin/env bash
# setup.sh [tests]: installs and pins what is needed to build HeyBagh on Debian 12; with "tests" also what its tests and
# checks need (a browser, linters, the packages of the independent reference). Needs Debian's packages and the npm registry,
# nothing else. A second run takes seconds, and one after a run that was stopped goes on where that was. Toolchain and
# downloads live in $HEYBAGH_CACHE (default ~/.cache/heybagh), outside the checkout.
. "$(dirname "$0")/common.sh"
. "$ROOT/scripts/debian.sh"

case ${1:-} in
'' | tests) wanted=${1:-} ;;
*) die "usage: scripts/setup.sh [tests]" ;;
esac

PACKAGES=(ca-certificates curl xz-utils patch patchelf python3 cmake ninja-build clang-19 libcmocka-dev libjpeg62-turbo-dev
  libgif-dev libjsmn-dev)
TEST_PACKAGES=(libclang-rt-19-dev clang-tidy-19 clang-format-14 llvm-19 cppcheck shellcheck pkgconf chromium
  fonts-dejavu-core libjpeg-turbo-progs # pictures of all kinds
  python3-numpy python3-pil libopenblas0-pthread) # the independent reference

# Whatever Node.js is on PATH serves if it is 18 or newer. npm, which brings 300 packages in Debian, is for the tests only.
node_is_there() { command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]; }
node_package() { node_is_there || install_packages nodejs; }
npm_package() { command -v npm >/dev/null || install_packages npm; }

# fetch_source NAME FILE SHA256 SUITES: package mirror first, then $HEYBAGH_DEPS; only a file with the right hash counts.
fetch_source() {
  local name=$1 file=$2 sha=$3 suites=$4 dir=$CACHE/download suite
  mkdir -p "$dir"
  is_right() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$sha" ]; }
  is_right "$dir/$file" && return
  for suite in ${suites//,/ }; do
    apt_suite_update "$suite" && (cd "$dir" && apt_suite "$suite" source --download-only --tar-only "$name") &&
      is_right "$dir/$file" && return
    echo "the package mirror's $suite does not have $file with the pinned hash"
  done
  [ ! -f "$DEPS/$file" ] || cp "$DEPS/$file" "$dir/$file"
  is_right "$dir/$file" || { echo "$file: not found with sha256 $sha; put it into $DEPS" >&2; return 1; }
}

# unpack_source NAME FILE: into $CACHE/src/NAME, with the project's patch if there is one.
unpack_source() {
  local name=$1 file=$2 dest=$CACHE/src/$1 patch=$ROOT/scripts/patches/$1-emscripten.patch mark
  mark=$(echo "$file $(cat "$patch" 2>/dev/null | sha256sum)")
  [ "$(cat "$dest/.unpacked" 2>/dev/null)" = "$mark" ] && return
  rm -rf "$dest" && mkdir -p "$dest"
  tar -C "$dest" -xf "$CACHE/download/$file"
  # some of these archives have a top folder, some unpack flat
  if [ ! -e "$dest/CMakeLists.txt" ]; then
    local top=("$dest"/*)
    mv "${top[0]}" "$dest.top" && rmdir "$dest" && mv "$dest.top" "$dest"
  fi
  [ ! -e "$patch" ] || patch -d "$dest" -p1 <"$patch"
  echo "$mark" >"$dest/.unpacked"
}

sources() {
  local name file sha suites
  while read -r name file sha suites; do
    [ -n "$name" ] || continue
    fetch_source "$name" "$file" "$sha" "$suites"
    unpack_source "$name" "$file"
  done <<<"$SOURCES"
}

# The headers that are compiled into the library, in a folder of their own: the wasm compiler must not see the system's.
headers_are_right() { (cd "$CACHE/include" && sed '/^$/d; s/ /  /' <<<"$HEADERS" | sha256sum --check --strict --quiet -); }
headers() {
  rm -rf "$CACHE/stb" "$CACHE/include"
  mkdir -p "$CACHE/include"
  unpack_suite_packages "$STB_SUITE" "$CACHE/stb" libstb-dev
  cp "$CACHE"/stb/usr/include/stb/stb_image.h /usr/include/jsmn.h "$CACHE/include/"
  rm -rf "$CACHE/stb"
  headers_are_right
}

# npm_packages DIR: what its package-lock.json pins.
npm_packages() {
  cd "$ROOT/$1"
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json node_modules/.installed
}

step "Debian packages" install_packages "${PACKAGES[@]}"
step "Node.js" node_package
step "sources of XNNPACK, pthreadpool, FXdiv and cpuinfo" sources
if headers_are_right >/dev/null 2>&1; then say "stb and jsmn: there"; else step "stb and jsmn" headers; fi
if [ "$(emcc_dir)" != "$CACHE/emscripten/bin" ]; then
  say "Emscripten: the one on PATH"
elif [ -e "$CACHE/emscripten/.ready" ]; then
  say "Emscripten: there"
else
  step "Emscripten beside the system (a download of about 320 MB)" bash "$ROOT/scripts/emscripten.sh"
fi
for kind in native wasm-simd wasm-relaxed; do
  if [ -e "$("$ROOT/scripts/xnnpack.sh" $kind --where)/.ready" ]; then
    say "XNNPACK for $kind: there"
  else
    step "XNNPACK for $kind" bash "$ROOT/scripts/xnnpack.sh" $kind
  fi
done
if [ "$wanted" = tests ]; then
  step "Debian packages of the tests" install_packages "${TEST_PACKAGES[@]}"
  step "npm" npm_package
  for dir in tests/web web/examples/vite; do
    if cmp -s "$ROOT/$dir/package-lock.json" "$ROOT/$dir/node_modules/.installed"; then
      say "npm packages of $dir: there"
    else
      step "npm packages of $dir" npm_packages "$dir"
    fi
  done
fi
say "ready"
