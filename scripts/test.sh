#!/usr/bin/env bash
# test.sh: all tests. Sets up, builds and indexes first whatever is missing (scripts/demo.sh --no-serve), so that it
# works from a fresh clone. Ends with "N passed, N failed".
. "$(dirname "$0")/common.sh"

start=$SECONDS
"$ROOT/scripts/setup.sh" tests
"$ROOT/scripts/demo.sh" --no-serve
"$ROOT/scripts/build.sh" native wasm-simd wasm-relaxed native-asan wasm-simd-asan

assets=$("$ROOT/scripts/assets.sh" --where)
images=$assets/caltech101/101_ObjectCategories
bundle=$SITE/bundle
export HEYBAGH_ASSETS=$assets
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

# bundle_of NAME MODEL [OPTION...]: build/NAME, of the same pictures as the site's bundle, for comparison with it.
bundle_of() {
  local name=$1 model=$2 made_of
  shift 2
  made_of=$(cat "$ROOT/build/bundle.made-of" <(sha256sum <"$model"))
  [ "$(cat "$ROOT/build/$name.made-of" 2>/dev/null)" = "$made_of" ] && [ -e "$ROOT/build/$name" ] && return
  "$BUILDER" build --model "$model" --images "$images" --exclude BACKGROUND_Google --fresh \
    --out "$ROOT/build/$name" "$@" && echo "$made_of" >"$ROOT/build/$name.made-of"
}

# Exact f32 logits are what the original searched; the default head and storage with the f32 model; and i8 logits.
comparison_bundles() {
  bundle_of f32-logits "$MODEL_F32" --head logits --storage f32
  bundle_of f32-bundle "$MODEL_F32"
  bundle_of i8-logits "$MODEL" --head logits --storage f32
}

# A second reader of bundles: the default one, and one with so many lists that it needs a table of them.
read_bundles() {
  local many=$ROOT/build/many-lists
  [ -e "$many/vectors.npy" ] || $python "$ROOT/tests/bench/vectors.py" 24000 "$many"
  "$BUILDER" build --vectors "$many/vectors.npy" --ids "$many/ids.tsv" --nlist 600 --fresh --out "$many/bundle"
  $python "$ROOT/tests/golden/read_bundle.py" "$BUILDER" "$bundle" "$many/bundle"
}

# The C code's stages, with those of the reference for these weights.
stages() {
  "$ROOT/build/native/tests/golden/golden" "$MODEL_F32" "$images" \
    "$($python "$ROOT/tests/golden/arrays.py" --assets "$assets")"
}

# Every one of these was refused in turn; the tests check what came of it.
tell_refusals() {
  grep -aho '^\(allocations failed\|file operations failed\): .*' "$ROOT/build/$1/Testing/Temporary/LastTest.log" |
    awk -F '[:,] *' '{ for (i = 1; i < NF; i += 2) sum[$i] += $(i + 1) }
      END { for (what in sum) printf "%s%s: %d", separator, what, sum[what], separator = ", "; print "" }'
}

run "unit and command line tests" ctest --test-dir "$ROOT/build/native" --output-on-failure -j "$JOBS"
run "the same under address and undefined-behaviour sanitizers" \
  ctest --test-dir "$ROOT/build/native-asan" --output-on-failure -j "$JOBS"
for preset in native native-asan; do say "$preset: $(tell_refusals "$preset")"; done
run "fuzz targets, a few runs of each" "$ROOT/scripts/fuzz.sh" --short
run "hostile pictures" $python "$ROOT/tests/fuzz/hostile.py" "$BUILDER" "$MODEL" "$ROOT/build/hostile"
run "static checks" "$ROOT/scripts/check.sh"
run "coverage of src/" "$ROOT/scripts/coverage.sh"
run "the engine's bytes, built elsewhere" "$ROOT/scripts/reproduce.sh"
run "the wasm under the same sanitizers" node "$ROOT/tests/wasm/sanitized.mjs" \
  "$ROOT/build/wasm-simd-asan/engine-sanitized.mjs" "$BUILDER" "$MODEL" "$bundle" "$images/camera/image_0003.jpg"
run "conversion of published weights" $python "$ROOT/tests/golden/test_convert.py"
run "downloads of weights and pictures" $python "$ROOT/tests/golden/test_assets.py"
run "the reference, and what it makes of the pictures" $python "$ROOT/tests/golden/test_reference.py"
run "pixels, pooled features and logits against the reference" stages
run "embeddings of 100 photographs against the reference" \
  $python "$ROOT/tests/golden/compare_embed.py" --builder "$BUILDER" --model "$MODEL_F32" --assets "$assets"
run "indexes to compare with" comparison_bundles
run "the original notebook's results" \
  $python "$ROOT/tests/golden/notebook.py" "$BUILDER" "$MODEL_F32" "$ROOT/build/f32-bundle" "$assets"
run "a second reader of the bundle's format" read_bundles
run "recall and precision, alone and against exact logits" \
  $python "$ROOT/tests/golden/quality.py" "$BUILDER" "$ROOT/build/f32-bundle" "$ROOT/build/f32-logits" "$assets"
run "what 8 bits cost" $python "$ROOT/tests/golden/precision.py" "$BUILDER" "$bundle" \
  "$ROOT/build/i8-logits" "$ROOT/build/f32-logits"
run "the page in Chromium" npm --prefix "$ROOT/tests/web" test

printf '\n'
for title in ${failed+"${failed[@]}"}; do say "failed: $title"; done
say "$((SECONDS - start)) s"
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
