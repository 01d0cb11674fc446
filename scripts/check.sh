#!/usr/bin/env bash
# check.sh [CHECK...]: what can be said of the code without running it; all checks, or those named:
#   format    C is as clang-format 14 leaves it
#   cppcheck  cppcheck finds nothing in the C
#   tidy      clang-tidy finds nothing in it (.clang-tidy), natively, and in the browser's builds where code is their own
#   types     TypeScript finds nothing in the JavaScript (jsconfig.json)
#   pins      all that is downloaded is pinned by its hash
#   audit     npm knows no weakness of the packages that are installed
# The compiler's warnings are errors in every build (CMakeLists.txt). Needs scripts/build.sh native before.
. "$(dirname "$0")/common.sh"

cd "$ROOT"
tsc=tests/web/node_modules/.bin/tsc

format() { git ls-files '*.c' '*.h' | xargs clang-format-14 --dry-run --Werror; }

cppcheck_all() {
  cppcheck -j "$JOBS" --std=c11 --enable=warning,style,performance,portability --inline-suppr --error-exitcode=1 --quiet \
    --suppressions-list=.cppcheck -D__x86_64__ -D_GNU_SOURCE -I src -I index-builder -I tests/unit \
    src index-builder tests
}

# tidy_files OPTION... -- FILE...: a process of clang-tidy for some files at a time, on all processors.
tidy_files() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  printf '%s\n' "$@" | xargs -P "$JOBS" -n 3 clang-tidy-19 --quiet "${options[@]}"
}
