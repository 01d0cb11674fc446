#!/usr/bin/env bash
# bench.sh network [SECONDS]         the network, layer by layer, compared with XNNPACK's convolutions alone, on one thread
# bench.sh layers                    the int8 network in Chromium, layer by layer, compared with XNNPACK's operators and
#                                    with a loop of multiplications only, in both wasm builds
# bench.sh winograd [SECONDS]        Winograd's int8 convolutions compared with XNNPACK's, in Chromium, both wasm builds
# bench.sh scan [ROWS] [DIM]         dot products of one query, and of 16 at once, with rows of each encoding, natively
# bench.sh index [10k] [100k] [1m]   bundles of synthetic vectors (default 10k 100k): build, size, searches natively
#                                    beside FAISS (if libfaiss-dev is there) and in Chromium; to build/bench/index.json
# bench.sh native [--samples N] [MODEL...]
#                                    the network natively, compared with onnxruntime-node, on one thread and on two
# bench.sh embed [--pictures N] [--rounds N] [MODEL...]
#                                    index-builder compared with Pillow and onnxruntime-node, in pictures per second on 2
#                                    processors
# bench.sh web [--samples N] [MODEL...]
#                                    the network in Chromium, compared with onnxruntime-web and TensorFlow.js, on one
#                                    thread and on two. MODEL defaults to all in models/; the peers use the f32 weights
# bench.sh start [--samples N] [--mbit 50,10] [SITE]
#                                    from the navigation to the first answer over slow networks, cold, warm and
#                                    repeated, with bytes and memory; SITE defaults to build/site
# bench.sh check                     checks with a few samples that native, embed, web and start work; saves no figures
# The last five print tables and write build/bench/NAME.json and .svg. The peers are npm packages, with the versions in
# tests/bench/peers/package-lock.json; only these benchmarks need them.
. "$(dirname "$0")/common.sh"

tools=$ROOT/tests/bench
programs=$ROOT/build/native/tests/bench
python=/usr/bin/python3 # Debian's own, which has NumPy
work=$ROOT/build/bench
nprobes=(1 2 3 4 5 6 7 8 10 13 16 20 25 32 40 50 64 80 100)
faiss_nprobes=(1 2 4 8 16 32 64)

# build_bundle COUNT: builds the bundle in the folder COUNT, and writes time and memory to the first line of lines.jsonl.
build_bundle() {
  local dir=$work/$1
  rm -rf "$dir/bundle"
  $python "$tools/peak.py" "$dir/took.json" "$BUILDER" build --vectors "$dir/vectors.npy" --ids "$dir/ids.tsv" \
    --storage i8 --out "$dir/bundle" --threads "$JOBS" --json >"$dir/build.jsonl"
  $python - "$dir" "$1" >"$dir/lines.jsonl" <<'PYTHON'
import json, sys
from pathlib import Path
folder, count = Path(sys.argv[1]), int(sys.argv[2])
manifest = json.loads((folder / 'bundle/index.json').read_text())
files = [f for f in (folder / 'bundle').rglob('*') if f.is_file()]
first = sum(f.stat().st_size for f in files if f.name == 'index.json' or f.name.split('-')[0] in ('centroids', 'head', 'table'))
print(json.dumps({'side': 'build', 'count': count, 'nlist': manifest['nlist'], 'nprobe': manifest['nprobe'],
                  'bytes': sum(f.stat().st_size for f in files), 'files': len(files), 'first_bytes': first,
                  **json.loads((folder / 'took.json').read_text())}))
PYTHON
}

# up_to MOST NUMBER...: prints the numbers up to MOST, one on each line.
up_to() {
  local most=$1 n
  shift
  for n in "$@"; do [ "$n" -gt "$most" ] || echo "$n"; done
}

# bench_size COUNT: runs all benchmarks of one size, and writes to $work/COUNT/lines.jsonl.
bench_size() {
  local count=$1 dir=$work/$1 nlist
  [ -e "$dir/truth.npy" ] || step "bench: $count vectors" $python "$tools/vectors.py" "$count" "$dir"
  step "bench: bundle of $count vectors" build_bundle "$count"
  nlist=$($python -c "import json; print(json.load(open('$dir/bundle/index.json'))['nlist'])")
  local fitting
  mapfile -t fitting < <(up_to "$nlist" "${nprobes[@]}")
  say "searching $count vectors natively ..."
  "$programs/bench-scan" "$dir" "$dir/bundle" "${fitting[@]}" >>"$dir/lines.jsonl"
  if [ -x "$programs/bench-faiss" ]; then
    mapfile -t fitting < <(up_to "$nlist" "${faiss_nprobes[@]}")
    for kind in flat sq8; do
      say "FAISS $kind, $count vectors ..."
      "$programs/bench-faiss" "$dir" $kind "$nlist" "${fitting[@]}" >>"$dir/lines.jsonl"
    done
  else
    say "FAISS is missing: to compare with it, install libfaiss-dev and g++ and run scripts/build.sh native"
  fi
  say "searching $count vectors in Chromium ..."
  local nprobe
  nprobe=$($python "$tools/report.py" nprobe "$dir/lines.jsonl" 0.95)
  node "$tools/web_vectors.mjs" "$dir" "$dir/bundle" ${nprobe:+"$nprobe"} >>"$dir/lines.jsonl"
}

bench_index() {
  local counts=() size lines=()
  [ $# -gt 0 ] || set -- 10k 100k
  for size; do
    case $size in
    10k) counts+=(10000) ;;
    100k) counts+=(100000) ;;
    1m) counts+=(1000000) ;;
    *) die "there is no size $size; usage: scripts/bench.sh index [10k] [100k] [1m]" ;;
    esac
  done
  "$ROOT/scripts/build.sh"
  for size in "${counts[@]}"; do
    bench_size "$size"
    lines+=("$work/$size/lines.jsonl")
  done
  printf '\n'
  $python "$tools/report.py" table "$work/index.json" "${lines[@]}"
}

# Install scripts are skipped, because they only download files for graphics cards.
npm_peers() {
  cd "$tools/peers"
  ONNXRUNTIME_NODE_INSTALL=skip npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json node_modules/.installed
}

# need_peers PRESET...: installs and builds what the benchmarks of the network need.
need_peers() {
  [ -e "$MODEL" ] || die "there is no ${MODEL#"$ROOT"/}: run scripts/demo.sh --no-serve first"
  cmp -s "$tools/peers/package-lock.json" "$tools/peers/node_modules/.installed" ||
    step "npm packages of the peers (500 MB)" npm_peers
  "$ROOT/scripts/build.sh" "$@"
  HEYBAGH_ASSETS=$("$ROOT/scripts/assets.sh" --where)
  export HEYBAGH_ASSETS
}

bench_check() {
  node --test --test-reporter spec "$tools/parts.test.mjs"
  need_peers native wasm-simd wasm-relaxed
  local name
  for name in native embed web start; do node "$tools/$name.mjs" --check; done
  say "native, embed, web and start work"
}

case ${1:-} in
network)
  [ -x "$programs/bench-network" ] || "$ROOT/scripts/build.sh" native
  exec "$programs/bench-network" "$MODEL_F32" "${2:-20}"
  ;;
scan)
  [ -x "$programs/bench-score" ] || "$ROOT/scripts/build.sh" native
  shift
  exec "$programs/bench-score" "$@"
  ;;
layers) "$ROOT/scripts/build.sh" && exec node "$tools/network_i8.mjs" ;;
winograd)
  [ -e "$ROOT/build/wasm-relaxed/bench-winograd.wasm" ] || "$ROOT/scripts/build.sh"
  exec node "$tools/web_winograd.mjs" "${2:-3}"
  ;;
index) shift && bench_index "$@" ;;
native) shift && need_peers native && exec node "$tools/native.mjs" "$@" ;;
embed) shift && need_peers native && exec node "$tools/embed.mjs" "$@" ;;
web) shift && need_peers native wasm-simd wasm-relaxed && exec node "$tools/web.mjs" "$@" ;;
start)
  shift
  HEYBAGH_ASSETS=$("$ROOT/scripts/assets.sh" --where)
  export HEYBAGH_ASSETS
  exec node "$tools/start.mjs" "$@"
  ;;
check) bench_check ;;
*) die "usage: scripts/bench.sh network | scan | layers | winograd | index | native | embed | web | start | check (options: see the head of the script)" ;;
esac
