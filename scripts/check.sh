#!/usr/bin/env bash
# check.sh [list | CHECK...]: static checks. It runs those that are named, or all; "list" prints their names:
#   format    C is formatted by clang-format 14 (.clang-format)
#   layers    no file includes or calls a floor above its own, and there are no circles (scripts/layers.txt)
#   version   the version is that of the file VERSION everywhere
#   cppcheck  cppcheck has no complaints (.cppcheck)
#   tidy      clang-tidy has no complaints (.clang-tidy), about native code and about code for the browser only
#   types     TypeScript has no complaints about the JavaScript (jsconfig.json)
#   lint      ESLint has no complaints about the JavaScript (tests/web/eslint.config.js)
#   shell     shellcheck has no complaints about the shell scripts (.shellcheckrc)
#   xnnpack   every file of XNNPACK that is compiled is linked into a program (cmake/xnnpack)
#   locals    no program of the browser has thread-local variables, which would lie over its other data (cmake/wasm.cmake)
#   pins      every download has a pinned hash, and the files in the cache have these hashes
#   audit     npm knows of no vulnerability in the packages of tests and examples
# Compiler warnings are errors in every build (CMakeLists.txt). Run scripts/setup.sh and
# scripts/build.sh native native-fuzz wasm-simd wasm-relaxed before.
. "$(dirname "$0")/common.sh"

cd "$ROOT"

check_format() { project_files '*.c' '*.h' | xargs clang-format-14 --dry-run --Werror; }

check_layers() { node scripts/layers.mjs; }

check_version() {
  node -e '
    const version = fs.readFileSync("VERSION", "utf8").trim();
    const { version: packaged } = JSON.parse(fs.readFileSync("web/package.json", "utf8"));
    if (packaged === version) process.exit(0);
    console.error(`web/package.json has version ${packaged}, but VERSION has ${version}`);
    process.exit(1);'
}

check_cppcheck() {
  cppcheck -j "$JOBS" --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability \
    --suppressions-list=.cppcheck -D__x86_64__ -D_GNU_SOURCE -I include -I src -I index-builder -I tests/unit \
    include src index-builder tests examples
}

# tidy FOLDER OPTION... -- FILE...: runs clang-tidy with the compile commands in FOLDER.
tidy() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  printf '%s\n' "$@" | xargs -P "$JOBS" -n 4 clang-tidy-19 --quiet "${options[@]}" 2>/dev/null
}

check_tidy() {
  local native wasm sysroot
  # stb_image, which is not the project's code, leaks memory when there is none left
  tidy -p build/native --checks=-clang-analyzer-unix.Malloc -- src/image/stb.c
  mapfile -t native < <(printf '%s\n' src/*/*.c index-builder/*.c tests/*/*.c | grep -v '^tests/fuzz/\|^src/\(image/stb\|api/wasm_api\).c$')
  tidy -p build/native -- "${native[@]}"
  tidy -p build/native-fuzz -- tests/fuzz/*.c
  sysroot=$("$(emcc_dir)/em-config" CACHE)/sysroot
  mapfile -t wasm < <({ grep -lE '__wasm|simd\.h' src/*/*.c; ls src/int8/*.c; } | sort -u | grep -vxF src/image/stb.c)
  tidy -p build/wasm-simd --extra-arg=--target=wasm32-unknown-emscripten --extra-arg=--sysroot="$sysroot" -- \
    src/api/wasm_api.c "${wasm[@]}"
}

check_types() {
  local tsc=tests/web/node_modules/.bin/tsc
  "$tsc" -p jsconfig.json
  # a service worker has other globals than a page
  "$tsc" --strict --allowJs --checkJs --noEmit --target es2022 --lib es2023,webworker web/sw.js
}

check_lint() { tests/web/node_modules/.bin/eslint -c tests/web/eslint.config.js web tests scripts; }

# Checks the scripts that are run, together with those that they source.
check_shell() { project_files '*.sh' '.ci/*' | xargs grep -lE '^#!.*\bbash' | xargs shellcheck --check-sourced --severity=info; }

check_locals() {
  local maps=(build/wasm-*/*.map)
  [ -e "${maps[0]}" ] || die "there is no program for the browser yet: run scripts/build.sh first"
  ! grep -H '(\.t\(bss\|data\)\.' "${maps[@]}" >&2
}

check_xnnpack() {
  local kind unused=0
  for kind in native wasm-simd wasm-relaxed; do
    /usr/bin/python3 scripts/xnnpack_used.py check "$(scripts/xnnpack.sh $kind --where)/lib" "build/$kind" || unused=1
  done
  [ $unused = 0 ] || { echo "update the lists: scripts/xnnpack.sh KIND --list" >&2; return 1; }
}

check_pins() {
  local name file sha
  while read -r name file sha _; do
    [ -z "$name" ] || echo "$sha  $CACHE/download/$file"
  done <<<"$SOURCES" | sha256sum --check --strict --quiet
  (cd "$CACHE/include" && sed '/^$/d; s/ /  /' <<<"$HEADERS" | sha256sum --check --strict --quiet -)
  local lock
  for lock in $(project_files '*package-lock.json'); do
    node -e '
      const { packages } = JSON.parse(fs.readFileSync(process.argv[1]));
      const loose = Object.entries(packages).filter(([name, { integrity }]) => name && !/^sha512-/.test(integrity));
      const ranges = Object.values({ ...packages[""].dependencies, ...packages[""].devDependencies })
        .filter(version => !/^\d+\.\d+\.\d+$/.test(version));
      for (const [name] of loose) console.error(`${process.argv[1]}: ${name} has no hash`);
      for (const range of ranges) console.error(`${process.argv[1]}: ${range} is not an exact version`);
      process.exit(loose.length + ranges.length > 0 ? 1 : 0);' "$lock"
  done
}

check_audit() {
  local lock dir
  for lock in $(project_files '*package-lock.json'); do
    dir=$(dirname "$lock")
    { npm audit --prefix "$dir" --package-lock-only --json 2>/dev/null || true; } | node -e '
      const told = JSON.parse(fs.readFileSync(0, "utf8") || "{}");
      const [, dir] = process.argv;
      const { total } = told.metadata?.vulnerabilities ?? {};
      if (total === undefined) console.log(`${dir}: NOT AUDITED, because the registry does not answer: ${told.message ?? "no report"}`);
      else console.log(`${dir}: ${total} packages with known vulnerabilities`);
      for (const { name, severity } of Object.values(told.vulnerabilities ?? {})) console.error(`${dir}: ${name}: ${severity}`);
      process.exit(total > 0 ? 1 : 0);' "$dir"
  done
}

all=(format layers version cppcheck tidy types lint shell xnnpack locals pins audit)
[ "${1:-}" != list ] || { printf '%s\n' "${all[@]}"; exit; }
[ $# -gt 0 ] || set -- "${all[@]}"
failed=()
for check in "$@"; do
  [[ " ${all[*]} " = *" $check "* ]] || die "there is no check $check; there are ${all[*]}"
  began=$SECONDS
  # a subshell, because a function that is called in a condition goes on after a failure
  set +e
  (set -e; "check_$check")
  status=$?
  set -e
  if [ $status -eq 0 ]; then say "$check: passed, in $((SECONDS - began)) s"; else say "$check: FAILED"; failed+=("$check"); fi
done
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
