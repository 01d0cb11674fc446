#!/usr/bin/env bash
# test.sh [quick | STEP...]: the tests. Sets up, builds and indexes first whatever is missing, so that it works from a fresh
# clone. Ends with a table of what took how long, and with "N passed, N failed". --help tells more.
. "$(dirname "$0")/common.sh"

# name, processors, steps that it needs before, presets that are built for it, title
STEPS='
style       1   -       -                             format and layers of the C code
unit        all -       native                        unit tests, and the command line
pages       all -       native,wasm-simd,wasm-relaxed a dozen pages in Chromium
unit-asan   all -       native-asan                   unit tests and command line under address and undefined-behaviour sanitizers
coverage    all -       native-coverage               which lines of src/ these tests run
fuzz        all -       native-fuzz                   fuzz targets, a few runs of each
bundles     all -       native                        indexes to compare with: of the f32 model, of exact logits
tidy        1   -       native,native-fuzz,wasm-simd  clang-tidy
faults      1   -       native                        the command line while requests to the system fail, and while it is killed
faults-asan 1   -       native-asan                   the command line in the same way, under the sanitizers
checks      1   -       native,wasm-simd,wasm-relaxed all other static checks
reproduce   1   -       wasm-simd,wasm-relaxed        the bytes of the engine, built elsewhere
wasm-asan   1   -       native,wasm-simd-asan         the wasm under the sanitizers
hostile     1   -       native                        hostile pictures
corpus      1   -       native,native-msan            pictures of every kind: right answers, and no memory read that was never written
embeddings  1   -       native                        embeddings of 100 photographs against the reference
learned     all -       native                        learned heads against numpy
quality     1   bundles native                        recall and precision, alone and against exact logits
held-out    all -       native                        photos that are not in the collection
precision   1   bundles native                        what 8 bits cost
reader      1   -       native                        a second reader of bundles
stages      1   -       native                        pixels, pooled features and logits against the reference
reference   1   -       -                             the reference, and what it makes of the pictures
pixels      1   -       native                        decoding and resizing, byte by byte against Pillow
notebook    1   bundles native                        results of the original notebook
downloads   1   -       -                             downloads of weights and pictures
weights     1   -       -                             conversion of published weights
web         all -       native,wasm-simd,wasm-relaxed the page in Chromium
web-alone   all -       native,wasm-simd,wasm-relaxed what looks at time there, with nothing else beside it
'
QUICK=(style unit pages)
. "$ROOT/scripts/steps.sh"

usage() {
  cat <<END
usage: scripts/test.sh            all tests
       scripts/test.sh quick      some of them, in a few minutes: ${QUICK[*]}
       scripts/test.sh STEP...    these steps, and those whose results they need
       scripts/test.sh list       prints the names of the steps

What is missing is set up and built first. Steps run side by side as far as there are processors ($JOBS here; JOBS=N takes
another number). What each prints comes when it ends, and stays in build/test-logs. Exits with 1 if a step failed or ran
into a limit: $((IDLE_LIMIT / 60)) minutes without a byte of output or a second of a processor, or $((BUSY_LIMIT / 60)) minutes of a processor for one
process. So nothing depends on what else the machine does.

Steps:
END
  local name
  for name in "${NAMES[@]}"; do printf '  %-12s %s\n' "$name" "${TITLE[$name]}"; done
}

case ${1:-} in
--help | -h | help) usage; exit ;;
list) printf '%s\n' "${NAMES[@]}"; exit ;;
quick) chosen=("${QUICK[@]}"); shift; [ $# -eq 0 ] || { usage >&2; exit 2; } ;;
'') mapfile -t chosen < <(printf '%s\n' "${NAMES[@]}" | grep -vx pages) ;; # web has them, too
*)
  for name; do [ -n "${TITLE[$name]:-}" ] || { echo "test: there is no step '$name'" >&2; usage >&2; exit 2; }; done
  mapfile -t chosen < <(with_needs "$@")
  ;;
esac

# --- steps --------------------------------------------------------------------------------------------------------

# ctest_of PRESET OPTION...: tests that ran into a limit are told apart from those that failed.
ctest_of() {
  local preset=$1 ended=$LOGS/$1.ended code=0
  shift
  ctest --test-dir "$ROOT/build/$preset" --output-on-failure -j "$JOBS" --timeout 1000000 "$@" | tee "$ended" || code=$?
  [ $code -ne 0 ] || return 0
  sed -n 's/^\t *[0-9]* - \(.*\) (SIGXCPU)$/\1 ran into its limit of '"$BUSY_LIMIT"' s of a processor/p' "$ended"
  ! grep -q $'^\t *[0-9]* - .* (SIGXCPU)$' "$ended" || grep $'^\t *[0-9]* - ' "$ended" | grep -vq '(SIGXCPU)$' ||
    return "$LIMIT_CODE"
  return $code
}

# Every one of these was refused in turn; the tests check what came of it.
tell_refusals() {
  grep -aho '^\(allocations failed\|file operations failed\): .*' "$ROOT/build/$1/Testing/Temporary/LastTest.log" |
    awk -F '[:,] *' '{ for (i = 1; i < NF; i += 2) sum[$i] += $(i + 1) }
      END { for (what in sum) printf "%s%s: %d", separator, what, sum[what], separator = ", "; print "" }'
}

unit_tests() { ctest_of "$1" --exclude-regex '^cli-faults$' && tell_refusals "$1"; }
fault_tests() { ctest_of "$1" --tests-regex '^cli-faults$' && tell_refusals "$1"; }
step_unit() { unit_tests native; }
step_unit_asan() { unit_tests native-asan; }
step_faults() { fault_tests native; }
step_faults_asan() { fault_tests native-asan; }
step_coverage() { "$ROOT/scripts/coverage.sh"; }
step_fuzz() { "$ROOT/scripts/fuzz.sh" --short; }
step_hostile() { $python "$ROOT/tests/fuzz/hostile.py" "$BUILDER" "$MODEL" "$ROOT/build/hostile"; }

step_style() { "$ROOT/scripts/check.sh" format layers; }
step_tidy() { "$ROOT/scripts/check.sh" tidy; }
step_checks() {
  local others
  mapfile -t others < <("$ROOT/scripts/check.sh" list | grep -vx 'format\|layers\|tidy')
  "$ROOT/scripts/check.sh" "${others[@]}"
}
step_reproduce() { "$ROOT/scripts/reproduce.sh"; }

step_wasm_asan() {
  local engine=$ROOT/build/wasm-simd-asan/engine-sanitized.mjs corpus=$ROOT/build/corpus-wasm
  node "$ROOT/tests/wasm/sanitized.mjs" "$engine" "$BUILDER" "$MODEL" "$bundle" "$images/camera/image_0003.jpg"
  $python "$ROOT/tests/corpus/make.py" "$corpus"
  node "$ROOT/tests/wasm/corpus.mjs" "$engine" "$MODEL" "$bundle" "$corpus"
}

# The memory sanitizer sees what fuzzers begin with, and hostile pictures, too.
step_corpus() {
  local corpus=$ROOT/build/corpus-native msan=$ROOT/build/native-msan/tests/corpus/decode_files out
  $python "$ROOT/tests/corpus/make.py" "$corpus"
  $python "$ROOT/tests/corpus/test_corpus.py" "$corpus" "$ROOT/build/native/tests/corpus/decode_files" "$BUILDER" "$MODEL"
  $python "$ROOT/tests/corpus/test_corpus.py" "$corpus" "$msan"
  out=$(mktemp -d)
  $python "$ROOT/tests/fuzz/seeds.py" "$out/seeds"
  $python "$ROOT/tests/fuzz/hostile.py" --files "$out/hostile"
  find "$out/seeds/image" "$out/seeds/exif" "$out/hostile" -type f -print0 | xargs -0 "$msan" "$out" >"$out/told"
  echo "$(wc -l <"$out/told") hostile pictures and seeds: no memory is read before it was written"
  rm -r "$out"
}

# bundle_of NAME MODEL [OPTION...]: build/NAME, of the same pictures as the site's bundle, for comparison with it. It stays
# until builder, model or pictures change.
bundle_of() {
  local name=$1 model=$2 made_of
  shift 2
  made_of=$(cat "$ROOT/build/bundle.made-of" <(sha256sum <"$model"))
  [ "$(cat "$ROOT/build/$name.made-of" 2>/dev/null)" = "$made_of" ] && [ -e "$ROOT/build/$name" ] && return
  "$BUILDER" build --model "$model" --images "$images" --exclude BACKGROUND_Google --fresh \
    --out "$ROOT/build/$name" "$@" && echo "$made_of" >"$ROOT/build/$name.made-of"
}

# Exact f32 logits are what the original searched; svd:256, the smallest head that keeps their answers, with the f32 model;
# and i8 logits.
step_bundles() {
  bundle_of f32-logits "$MODEL_F32" --head logits --storage f32
  bundle_of f32-bundle "$MODEL_F32" --head svd:256
  bundle_of i8-logits "$MODEL" --head logits --storage f32
}

step_weights() { $python "$ROOT/tests/golden/test_convert.py"; }
step_reference() { $python "$ROOT/tests/golden/test_reference.py"; }
step_pixels() {
  local photos
  mapfile -t photos < <(find "$assets/photos" "$images"/{camera,panda,butterfly} -name '*.jpg' 2>/dev/null | sort)
  $python "$ROOT/tests/golden/test_pixels.py" "$ROOT/build/native/tests/golden/pixels" "${photos[@]}"
}
step_downloads() { $python "$ROOT/tests/golden/test_assets.py"; }

# The C code's stages, with those of the reference for these weights.
step_stages() {
  "$ROOT/build/native/tests/golden/golden" "$MODEL_F32" "$images" \
    "$($python "$ROOT/tests/golden/arrays.py" --assets "$assets")"
}

step_embeddings() {
  $python "$ROOT/tests/golden/compare_embed.py" --builder "$BUILDER" --model "$MODEL_F32" --assets "$assets"
}
step_notebook() {
  $python "$ROOT/tests/golden/notebook.py" "$BUILDER" "$MODEL_F32" "$ROOT/build/f32-bundle" "$assets"
}
step_learned() { $python "$ROOT/tests/golden/learned_heads.py" "$BUILDER" "$MODEL" "$images"; }
step_quality() {
  $python "$ROOT/tests/golden/quality.py" "$BUILDER" "$ROOT/build/f32-bundle" "$ROOT/build/f32-logits" "$assets"
}
step_held_out() { $python "$ROOT/tests/golden/held_out.py" "$BUILDER" "$MODEL" "$images"; }
step_precision() {
  $python "$ROOT/tests/golden/precision.py" "$BUILDER" "$bundle" "$ROOT/build/i8-logits" "$ROOT/build/f32-logits"
}

# The default bundle, and one with so many lists that it needs a table of them.
step_reader() {
  local many=$ROOT/build/many-lists
  [ -e "$many/vectors.npy" ] || $python "$ROOT/tests/bench/vectors.py" 24000 "$many"
  "$BUILDER" build --vectors "$many/vectors.npy" --ids "$many/ids.tsv" --nlist 600 --fresh --out "$many/bundle"
  $python "$ROOT/tests/golden/read_bundle.py" "$BUILDER" "$bundle" "$many/bundle"
}

playwright() { cd "$ROOT/tests/web" && node_modules/.bin/playwright test "$@"; }
step_pages() { playwright --project beside --grep @quick; }
step_web() { playwright --project beside; }
step_web_alone() { playwright --project alone; }

# --- all of it ----------------------------------------------------------------------------------------------------

set_up() {
  "$ROOT/scripts/setup.sh" tests
  "$ROOT/scripts/demo.sh" --no-serve
  local presets
  mapfile -t presets < <(for name in "${chosen[@]}"; do tr ' ' '\n' <<<"${PRESETS[$name]}"; done | sed '/^$/d' | sort -u)
  "$ROOT/scripts/build.sh" "${presets[@]}"
}

time_set_up set_up
assets=$("$ROOT/scripts/assets.sh" --where)
images=$assets/caltech101/101_ObjectCategories
bundle=$SITE/bundle
export HEYBAGH_ASSETS=$assets
python=/usr/bin/python3 # Debian's own: the packages of the reference are installed for it

run_steps "${chosen[@]}"
print_table
print_outcome
