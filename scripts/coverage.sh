#!/usr/bin/env bash
# coverage.sh: prints how many lines and branches of src/ the unit and command line tests run, file by file, the lowest
# first. It fails below 90 % of all lines. The counts stay in build/native-coverage. To see one file line by line:
#   llvm-cov-19 show build/native-coverage/index-builder -instr-profile build/native-coverage/all.profdata src/FILE
. "$(dirname "$0")/common.sh"

LEAST=90 # percent of lines
build=$ROOT/build/native-coverage

# Runs the tests, but not those that repeat others: on weaker instruction sets, for races, and with failing requests.
run_tests() {
  rm -rf "$build/profiles"
  LLVM_PROFILE_FILE=$build/profiles/%2m.profraw ctest --test-dir "$build" -j "$JOBS" --output-on-failure \
    --exclude-regex 'network_xnnpack_i8-|-races$|cli-faults'
}

merge() { llvm-profdata-19 merge -sparse "$build"/profiles/*.profraw -o "$build/all.profdata"; }

# Prints the summary of all programs as JSON.
summary() {
  local program objects=()
  for program in "$build"/tests/unit/test_*; do [ -x "$program" ] && [ -f "$program" ] && objects+=(-object "$program"); done
  llvm-cov-19 export -summary-only -instr-profile "$build/all.profdata" "$build/index-builder" "${objects[@]}" "$ROOT/src"
}

print_table() {
  node -e '
    const { files, totals } = JSON.parse(fs.readFileSync(0)).data[0];
    const cell = ({ count, covered }) => (count ? `${(100 * covered / count).toFixed(1)} %` : "-").padStart(9);
    const row = (name, { lines, branches }) => console.log(name.padEnd(32) + cell(lines) + cell(branches));
    console.log("src/".padEnd(32) + "lines".padStart(9) + "branches".padStart(9));
    files.sort((a, b) => a.summary.lines.percent - b.summary.lines.percent);
    for (const { filename, summary } of files) row(filename.slice(filename.lastIndexOf("/src/") + 5), summary);
    row("all", totals);
    const [, least] = process.argv;
    if (totals.lines.percent >= Number(least)) process.exit(0);
    console.error(`coverage: ${totals.lines.percent.toFixed(1)} % of the lines are run; at least ${least} % must be`);
    process.exit(1);' "$LEAST"
}

"$ROOT/scripts/build.sh" native-coverage
step "unit and command line tests, counting" run_tests
step "counts of all programs" merge
summary | print_table
