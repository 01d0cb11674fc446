#!/usr/bin/env bash
# test.sh: all tests. Sets up, builds and indexes first whatever is missing (scripts/demo.sh --no-serve), so that it
# works from a fresh clone. Ends with "N passed, N failed".
. "$(dirname "$0")/common.sh"

start=$SECONDS
"$ROOT/scripts/demo.sh" --no-serve
"$ROOT/scripts/build.sh" native-asan

assets=$("$ROOT/scripts/assets.sh" --where)
images=$assets/caltech101/101_ObjectCategories
golden=${HEYBAGH_GOLDEN:-$ROOT/../shared/golden}
bundle=$SITE/bundle
export HEYBAGH_ASSETS=$assets HEYBAGH_GOLDEN=$golden
# Debian's own Python: the packages of the reference are installed for it
python=/usr/bin/python3

passed=0 failed=()
run() {
  local title=$1 began=$SECONDS
  shift
  printf '\n== %s\n' "$title"
  if "$@"; then
    passed=$((passed + 1))
    say "$title: passed in $((SECONDS - began)) s"
  else
    failed+=("$title")
    say "$title: FAILED"
  fi
}

# The bundle with exact f32 logits, what the original searched, for comparison with the default head and storage.
logits_bundle() {
  local made_of
  made_of=$(cat "$ROOT/build/bundle.made-of")
  [ "$(cat "$ROOT/build/logits.made-of" 2>/dev/null)" = "$made_of" ] && [ -e "$ROOT/build/logits-bundle" ] && return
  "$BUILDER" build --model "$MODEL" --images "$images" --exclude BACKGROUND_Google --head logits \
    --storage f32 --fresh --out "$ROOT/build/logits-bundle" && echo "$made_of" >"$ROOT/build/logits.made-of"
}

# A second reader of bundles: the default one, and one with so many lists that it needs a table of them.
read_bundles() {
  local many=$ROOT/build/many-lists
  [ -e "$many/vectors.npy" ] || $python "$ROOT/tests/bench/vectors.py" 24000 "$many"
  "$BUILDER" build --vectors "$many/vectors.npy" --ids "$many/ids.tsv" --nlist 600 --fresh --out "$many/bundle"
  $python "$ROOT/tests/golden/read_bundle.py" "$BUILDER" "$bundle" "$many/bundle"
}

run "unit and command line tests" ctest --test-dir "$ROOT/build/native" --output-on-failure -j "$JOBS"
run "the same under address and undefined-behaviour sanitizers" \
  ctest --test-dir "$ROOT/build/native-asan" --output-on-failure -j "$JOBS"
run "conversion of published weights" $python "$ROOT/tests/golden/test_convert.py"
run "the reference against the golden arrays" $python "$ROOT/tests/golden/test_reference.py"
run "pixels, pooled features and logits against the golden arrays" \
  "$ROOT/build/native/tests/golden/golden" "$MODEL" "$images" "$golden"
run "embeddings of 100 photographs against the reference" \
  $python "$ROOT/tests/golden/compare_embed.py" --builder "$BUILDER" --model "$MODEL" --assets "$assets"
run "the original notebook's results" \
  $python "$ROOT/tests/golden/notebook.py" "$BUILDER" "$MODEL" "$bundle" "$images" "$golden"
run "an index of exact logits" logits_bundle
run "a second reader of the bundle's format" read_bundles
run "recall and precision, alone and against exact logits" \
  $python "$ROOT/tests/golden/quality.py" "$BUILDER" "$bundle" "$ROOT/build/logits-bundle"
run "the page in Chromium" npm --prefix "$ROOT/tests/web" test

printf '\n'
for title in ${failed+"${failed[@]}"}; do say "failed: $title"; done
say "$((SECONDS - start)) s"
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
