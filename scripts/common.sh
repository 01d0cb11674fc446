# Sourced by all scripts: paths, pinned versions, and functions to print, fail and report progress.
# shellcheck disable=SC2034 # no script uses all of it
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Downloads, toolchain and compiled libraries, outside of the checkout and shared by all clones. The tilde works even if HOME
# is not set.
CACHE=${HEYBAGH_CACHE:-${XDG_CACHE_HOME:-~/.cache}/heybagh}
CACHE=$(realpath -m "$CACHE")
# Source archives for machines whose package mirror lacks them; the folder may be missing.
DEPS=${HEYBAGH_DEPS:-$ROOT/../shared/deps}
JOBS=${JOBS:-$(nproc)}
# Files that the scripts make and use.
BUILDER=$ROOT/build/native/index-builder
MODEL_F32=$ROOT/models/resnet18-f32.safetensors
MODEL=$ROOT/models/resnet18-i8.safetensors # the site's: view `whole`, without fc
MODEL_FC=$ROOT/build/resnet18-i8-fc.safetensors # with fc, and the view `crop`
SITE=$ROOT/build/site

# name, file, sha256, and the Debian suites that have the source package, separated by commas; the first that works is used
SOURCES="
xnnpack     xnnpack_0.0~git20241108.4ea82e5.orig.tar.xz     90bde2caef0f880f627bab0dc805a86c4b8070cd98e3243db3046ab3f3be1a99 trixie
pthreadpool pthreadpool_0.0~git20240616.560c60d.orig.tar.xz 4cc3cbd933b28131d2a34edc54f76af9fb41bc490af5eae1a5bd3cd07ea90708 trixie
fxdiv       fxdiv_0.0~git20200417.b408327.orig.tar.xz       7953482badaf4cb34026c3487c257b8e4ab2df061c019bd6fabbbc12ad52c44b trixie
cpuinfo     cpuinfo_0.0~git20250905.877328f.orig.tar.xz     557ca404a3836b9f335a3a06b65ff9fe9dbaaefab7fb5c0185f53d9f33615a10 forky,sid
"
EMSCRIPTEN_SUITE=trixie   # has Emscripten 3.1.69 on LLVM 19
EMSCRIPTEN_MIN=3.1.61     # the first with the standard's relaxed SIMD intrinsics
STB_SUITE=trixie          # libstb-dev with stb_image 2.30; bookworm's has 2.27
HEADERS="
594c2fe35d49488b4382dbfaec8f98366defca819d916ac95becf3e75f4200b3 stb_image.h
1ed6154dedf009212a08a397e9c4ed50a0ce31d5a8301bb294e137ae3188c13b jsmn.h
"
# emcc starts Python for each file. Debian's Python starts at once, while a version manager first has to find one.
[ ! -x /usr/bin/python3 ] || export EMSDK_PYTHON=${EMSDK_PYTHON:-/usr/bin/python3}
export CLANG=clang-19     # gcc 12 makes XNNPACK's AVX2 kernels 2.4 times slower, clang 14 lacks AVX-VNNI

SCRIPT=$(basename "$0" .sh)
say() { printf '%s: %s\n' "$SCRIPT" "$(shown "$*")"; }
die() { printf '%s: %s\n' "$SCRIPT" "$(shown "$*")" >&2; exit 1; }

# shown TEXT: prints it with what would steer the terminal, such as control characters of a file's name, written out.
shown() {
  local LC_ALL=C
  if [[ $1 == *[!$'\n'\ -~]* ]] && command -v node >/dev/null; then node "$ROOT/scripts/shown.mjs" "$1"; else printf '%s' "$1"; fi
}

# project_files [PATTERN...]: prints the project's files, one on each line: those that git knows or would add. In an unpacked
# archive, without git, it skips folders that are made by builds. Without a pattern it prints all files.
# shellcheck disable=SC2120 # called without one, too
project_files() {
  cd "$ROOT"
  [ ! -e .git ] || ! git ls-files --cached --others --exclude-standard "$@" 2>/dev/null || return 0
  local pattern names=()
  for pattern; do names+=(-o -path "./$pattern"); done
  find . \( -name node_modules -o -name .git -o -name __pycache__ -o -path ./build -o -path './models/*.safetensors' \
    -o -path ./tests/web/results -o -path ./web/examples/vite/dist \) -prune \
    -o -type f ${names+\( "${names[@]:1}" \)} -printf '%P\n' | sort
}

# progress_of LOG: prints the progress of a step: "123 of 456" if its last line begins with "[123/456]", as ninja's do, or else
# the last line.
progress_of() {
  local last
  last=$(tail -c 2000 "$1" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1) || return 0
  if [[ $last =~ ^\[([0-9]+)/([0-9]+)\][[:space:]]*(.*)$ ]]; then
    printf '%s of %s' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
  else
    printf '%.60s' "$last"
  fi
}

# report_progress TITLE LOG: prints the progress until it is killed: every second on a terminal, otherwise every 20 s.
report_progress() {
  local start=$SECONDS told=$SECONDS
  while sleep 1 && kill -0 $$ 2>/dev/null; do
    if [ -t 1 ]; then
      printf '\r\033[K%s: %s: %s (%s s)' "$SCRIPT" "$1" "$(progress_of "$2")" "$((SECONDS - start))"
    elif [ $((SECONDS - told)) -ge 20 ]; then
      say "$1: $(progress_of "$2") ($((SECONDS - start)) s)"
      told=$SECONDS
    fi
  done
}

# step TITLE COMMAND...: runs a command and prints its title, progress and time. Its output goes to a log, which is shown after
# a failure.
step() {
  local title=$1 log start=$SECONDS reporter
  shift
  mkdir -p "$CACHE/log"
  log=$CACHE/log/$(printf '%s' "$title" | tr -cs 'a-zA-Z0-9' '-').log
  say "$title ..."
  : >"$log"
  report_progress "$title" "$log" &
  reporter=$!
  # A subshell with its own "set -e", because a function that is called in a condition goes on after a failure.
  local status=0
  set +e
  (set -e; "$@") >"$log" 2>&1
  status=$?
  set -e
  { kill $reporter && wait $reporter; } 2>/dev/null || true
  [ ! -t 1 ] || printf '\r\033[K'
  if [ $status -ne 0 ]; then
    tail -n 40 "$log" >&2
    die "failed: $title (whole log: $log)"
  fi
  say "$title: done in $((SECONDS - start)) s"
}

# emcc_dir: prints the folder of emcc: the one on PATH if it is new enough, or the unpacked one.
emcc_dir() {
  local found version
  if found=$(command -v emcc); then
    version=$("$found" --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9][0-9.]*\).*/\1/p') || version=0
    if [ "$(printf '%s\n' "$EMSCRIPTEN_MIN" "$version" | sort -V | head -n1)" = "$EMSCRIPTEN_MIN" ]; then
      dirname "$found"
      return
    fi
  fi
  printf '%s\n' "$CACHE/emscripten/bin"
}

# direct_wasm_compiler: prints options for CMake, one on each line, to compile C and C++ with clang. emcc would start Python and
# Node.js for every file, only to call clang with these flags. emcc still links.
direct_wasm_compiler() {
  local emcc flags clang
  emcc=$(emcc_dir)/emcc
  flags=$("$emcc" --cflags)
  clang=$("$emcc" -v 2>&1 | sed -n 's/^InstalledDir: *//p')/clang
  [ -x "$clang" ] || return 0 # another layout of Emscripten: compile with emcc
  printf '%s\n' "-DCMAKE_C_COMPILE_OBJECT=$clang $flags <DEFINES> <INCLUDES> <FLAGS> -o <OBJECT> -c <SOURCE>" \
    "-DCMAKE_CXX_COMPILE_OBJECT=$clang++ $flags <DEFINES> <INCLUDES> <FLAGS> -o <OBJECT> -c <SOURCE>"
}

# bill_of_materials FOLDER [LICENCE]: writes FOLDER/sbom.cdx.json; LICENCE is the pictures'.
bill_of_materials() {
  SOURCES=$SOURCES HEADERS=$HEADERS EMSCRIPTEN=$(emcc_dir) node "$ROOT/scripts/sbom.mjs" "$@"
}
