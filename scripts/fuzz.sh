#!/usr/bin/env bash
# fuzz.sh: builds the libFuzzer targets (tests/fuzz) and runs them.
. "$(dirname "$0")/common.sh"

BUILD=$ROOT/build/native-fuzz
TARGETS=(image exif safetensors rans manifest lists centroids head table kmeans search wasm_api)
HANG=120 # seconds for one input: hundreds of times as long as needed, because the machine may be busy
# Runs of each target in a short turn: about five seconds on one processor.
declare -A RUNS=([image]=15000 [exif]=300000 [safetensors]=150000 [rans]=20000 [manifest]=150000 [lists]=20000 [centroids]=12000
  [head]=8000 [table]=15000 [kmeans]=4000 [search]=12000 [wasm_api]=10000)

usage() {
  cat <<END
usage: scripts/fuzz.sh MINUTES [TARGET...]   fuzzes for MINUTES in all, each target for an equal share
       scripts/fuzz.sh --short [TARGET...]   repeats a few fixed runs, as scripts/test.sh does

Targets: ${TARGETS[*]}; default: all.
Long turns save the inputs that they find useful in build/native-fuzz/corpus. If a target crashes, hangs or leaks, the script
names the input and exits with 1; build/native-fuzz/tests/fuzz/fuzz_TARGET FILE runs that input again.
END
}

# dictionary TARGET: prints the option for its dictionary, if it has one.
dictionary() {
  case $1 in
  image | exif) echo "-dict=$ROOT/tests/fuzz/image.dict" ;;
  safetensors | manifest) echo "-dict=$ROOT/tests/fuzz/json.dict" ;;
  esac
}

# fuzz TARGET CORPUS OPTION...: returns 0 if it finds no fault.
fuzz() {
  local name=$1 corpus=$2 log=$BUILD/fuzz-$1.log found=$BUILD/findings dictionary=()
  mapfile -t dictionary < <(dictionary "$1")
  shift 2
  mkdir -p "$corpus" "$found"
  if "$BUILD/tests/fuzz/fuzz_$name" "$@" "${dictionary[@]}" -max_len=4096 -timeout=$HANG -print_final_stats=1 \
    -artifact_prefix="$found/$name-" "$corpus" "$BUILD/seeds/$name" >"$log" 2>&1; then
    say "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs, nothing found"
    return
  fi
  grep -E 'ERROR|SUMMARY|runtime error|does not hold' "$log" >&2 || tail -n 5 "$log" >&2
  say "$name: CRASHED on $(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1) (log: $log)"
  return 1
}

minutes=${1:-}
case $minutes in
--help | -h) usage; exit ;;
--short) ;;
*) [[ $minutes =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; } ;;
esac
shift
[ $# -gt 0 ] || set -- "${TARGETS[@]}"
for name in "$@"; do [ -n "${RUNS[$name]:-}" ] || die "there is no target '$name'"; done

"$ROOT/scripts/build.sh" native-fuzz
/usr/bin/python3 "$ROOT/tests/fuzz/seeds.py" "$BUILD/seeds"

# turn TARGET: runs its short turn, or its share of a long one.
turn() {
  local fresh code=0
  if [ "$minutes" != --short ]; then
    fuzz "$1" "$BUILD/corpus/$1" -max_total_time=$((minutes * 60 * at_once / targets))
    return
  fi
  fresh=$(mktemp -d)
  fuzz "$1" "$fresh" -seed=1 -runs="${RUNS[$1]}" || code=1
  rm -r "$fresh"
  return $code
}

# Runs as many targets at a time as there are processors.
targets=$# running=0 crashed=0
at_once=$((JOBS < targets ? JOBS : targets))
for name in "$@"; do
  [ $running -lt $at_once ] || { wait -n || crashed=$((crashed + 1)); running=$((running - 1)); }
  turn "$name" &
  running=$((running + 1))
done
for ((; running > 0; running--)); do wait -n || crashed=$((crashed + 1)); done
[ $crashed -eq 0 ] || die "$crashed of $targets targets crashed"
