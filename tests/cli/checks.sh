# Sourced by the tests of the command line: a folder to work in, and checks that are counted. Wants $builder.

work=$(mktemp -d "${TMPDIR:-/tmp}/heybagh-cli-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

checks=0 failures=0
stdout=$work/stdout stderr=$work/stderr code=0

# check TITLE COMMAND...: the command must succeed.
check() {
  local title=$1
  shift
  checks=$((checks + 1))
  "$@" && return
  failures=$((failures + 1))
  printf 'FAILED: %s (%s)\n' "$title" "$*"
  printf '  exit code %s\n' "$code"
  sed 's/^/  stdout: /' "$stdout" | head -n 5
  sed 's/^/  stderr: /' "$stderr" | head -n 5
}

# run ARGUMENT...: index-builder, with its answer in $stdout and $stderr and its exit code in $code.
run() {
  code=0
  "$builder" "$@" >"$stdout" 2>"$stderr" </dev/null || code=$?
}

exit_is() { [ "$code" -eq "$1" ]; }
says() { grep -qF -- "$1" "$stdout"; }
complains() { grep -qF -- "$1" "$stderr"; }
is_silent() { [ ! -s "$1" ]; }
one_line() { [ "$(wc -l <"$stderr")" -eq 1 ] && grep -q '^index-builder: ' "$stderr"; }
json() { python3 "$here/check_json.py" "$@" <"$stdout"; }

# fails CODE WORDS ARGUMENT...: exits with CODE and one line on stderr that holds WORDS.
fails() {
  local expected=$1 words=$2
  shift 2
  run "$@"
  check "index-builder $* exits with $expected" exit_is "$expected"
  check "index-builder $* says why in one line" one_line
  check "index-builder $* says '$words'" complains "$words"
  check "index-builder $* prints nothing else" is_silent "$stdout"
}

# works ARGUMENT...: exits with 0 and is silent on stderr, as everything is that is not watched on a terminal.
works() {
  run "$@"
  check "index-builder $* exits with 0" exit_is 0
  check "index-builder $* is silent on stderr" is_silent "$stderr"
}

sums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort); }
same_folder() { [ "$(sums "$1")" = "$(sums "$2")" ]; }
unchanged() { [ "$(sums "$1")" = "$2" ]; }
# Nothing half-made beside the bundle $1.
tidy() { [ -z "$(find . -maxdepth 1 -name "$1.*")" ]; }
