#!/usr/bin/env bash
# bench.sh network [SECONDS]: the whole network against the sum of XNNPACK's convolutions, layer by layer, one thread.
. "$(dirname "$0")/common.sh"

case ${1:-} in
network)
  [ -x "$ROOT/build/native/tests/bench/bench-network" ] || "$ROOT/scripts/build.sh" native
  exec "$ROOT/build/native/tests/bench/bench-network" "$MODEL" "${2:-20}"
  ;;
*) die "usage: scripts/bench.sh network [SECONDS]" ;;
esac
