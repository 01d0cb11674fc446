# Sourced by test.sh: runs steps side by side, one for each processor, and tells what took how long.
# Wants $STEPS, a step a line: its name, its processors (1, or "all": nothing else runs beside it), the steps that it needs
# before (- or a,b), the presets that are built for it (- or a,b) and its title; and a function step_NAME for each.
#
# No limit here is one of wall-clock time, so that it does not matter what else the machine does: a step is ended when it
# has printed nothing and used no processor for some minutes, and a process when it has used one for very long. What is
# ended so is no failure, and is told by itself.

IDLE_LIMIT=${IDLE_LIMIT:-600}   # seconds
BUSY_LIMIT=${BUSY_LIMIT:-1800}  # seconds of a processor; sanitized, the longest process of a test takes some 60
LIMIT_CODE=124                  # exit code of a step that would pass but for such limits, as of timeout(1)
LOGS=$ROOT/build/test-logs

declare -A LANES NEEDS PRESETS TITLE
NAMES=()
while read -r name lanes needs presets title; do
  [ -n "$name" ] || continue
  NAMES+=("$name")
  [ "$lanes" != all ] || lanes=$JOBS
  [ "$needs" != - ] || needs=
  [ "$presets" != - ] || presets=
  LANES[$name]=$lanes NEEDS[$name]=${needs//,/ } PRESETS[$name]=${presets//,/ } TITLE[$name]=$title
done <<<"$STEPS"

declare -A PID_OF BEGAN SIGN SIGN_AT STATUS TOOK
free=$JOBS

# with_needs NAME...: these and what they need, in the order of $STEPS.
with_needs() {
  local name need added=yes
  declare -A wanted
  for name; do wanted[$name]=1; done
  while [ -n "$added" ]; do
    added=
    for name in "${!wanted[@]}"; do
      for need in ${NEEDS[$name]}; do [ -n "${wanted[$need]:-}" ] || { wanted[$need]=1 added=yes; }; done
    done
  done
  for name in "${NAMES[@]}"; do [ -z "${wanted[$name]:-}" ] || echo "$name"; done
}

# seconds_used PID: of processors, by a process and all that it started.
seconds_used() {
  { cat /proc/[0-9]*/stat 2>/dev/null || true; } | sed 's/^\([0-9]*\) (.*) /\1 /' | awk -v root="$1" -v hz="$(getconf CLK_TCK)" '
    { parent[$1] = $3; used[$1] = $13 + $14 + $15 + $16 }
    END {
      for (p in parent) {
        for (a = p; a != root && a in parent; a = parent[a]);
        if (a == root) sum += used[p]
      }
      print int(sum / hz)
    }'
}

# time_set_up COMMAND: has a line in the table, and is no step.
time_set_up() {
  local TIMEFORMAT='%R %U %S'
  mkdir -p "$LOGS"
  { time "$@" 2>&3; } 3>&2 2>"$LOGS/set-up.took"
  TOOK[set-up]=$(tail -n 1 "$LOGS/set-up.took")
}

# A group of processes of its own, so that all of it can be ended.
start_step() {
  local name=$1 log=$LOGS/$1.log
  say "$name: begins"
  set -m
  (
    trap - EXIT INT TERM
    set +em
    ulimit -St "$BUSY_LIMIT" # softly: its signal tells this from all other ends
    TIMEFORMAT='%R %U %S'
    # a shell of its own: a function called in a condition would run on after a failure
    { time { (set -e; JOBS=${LANES[$name]} "step_${name//-/_}") >"$log" 2>&1 </dev/null; } } 2>"$log.took"
  ) &
  set +m
  PID_OF[$name]=$! BEGAN[$name]=$SECONDS SIGN[$name]= SIGN_AT[$name]=$SECONDS
  free=$((free - LANES[$name]))
}

is_ready() {
  local need
  [ "${LANES[$1]}" -le "$free" ] || return 1
  for need in ${NEEDS[$1]}; do [ -n "${STATUS[$need]:-}" ] || return 1; done
}

# end_step NAME SIGNAL: it and all that it started.
end_step() { kill "-$2" -- "-${PID_OF[$1]}" 2>/dev/null || true; }

end_all() {
  local name
  for name in "${!PID_OF[@]}"; do end_step "$name" TERM; done
}

# Who shows no sign of life, a byte of output or a second of a processor, is ended after a while. For each of the
# others there is a line a minute.
watch_steps() {
  local name sign
  for name in "${!PID_OF[@]}"; do
    sign="$(stat -c %s "$LOGS/$name.log") $(seconds_used "${PID_OF[$name]}")"
    if [ -n "${STATUS[$name]:-}" ]; then
      end_step "$name" KILL # what did not heed the first signal
    elif [ "$sign" != "${SIGN[$name]}" ]; then
      SIGN[$name]=$sign SIGN_AT[$name]=$SECONDS
    elif [ $((SECONDS - SIGN_AT[$name])) -ge "$IDLE_LIMIT" ]; then
      STATUS[$name]=$LIMIT_CODE
      printf '\nended: it printed nothing and used no processor for %s s\n' "$IDLE_LIMIT" >>"$LOGS/$name.log"
      end_step "$name" TERM
    fi
    [ $((SECONDS - BEGAN[$name])) -lt 60 ] || [ $(((SECONDS - BEGAN[$name]) % 60)) -ge 10 ] ||
      say "$name: $(progress_of "$LOGS/$name.log") ($((SECONDS - BEGAN[$name])) s)"
  done
}

# finish_step NAME CODE
finish_step() {
  local name=$1 code=$2 real user system
  free=$((free + LANES[$name]))
  unset "PID_OF[$name]"
  read -r real user system < <(tail -n 1 "$LOGS/$name.log.took" 2>/dev/null) || true
  TOOK[$name]="${real:-$((SECONDS - BEGAN[$name]))} ${user:-0} ${system:-0}"
  [ "$code" -ne $((128 + $(kill -l XCPU))) ] || code=$LIMIT_CODE
  code=${STATUS[$name]:-$code}
  STATUS[$name]=$code
  printf '\n== %s: %s\n' "$name" "${TITLE[$name]}"
  cat "$LOGS/$name.log"
  say "$name: $(outcome "$name") in $(printf '%.0f' "${TOOK[$name]%% *}") s"
}

outcome() {
  case ${STATUS[$1]:-0} in
  0) echo passed ;;
  "$LIMIT_CODE") echo "RAN INTO ITS LIMIT" ;;
  *) echo FAILED ;;
  esac
}

# run_steps NAME...: all of them, in this order as far as there are processors.
run_steps() {
  local waiting=("$@") name left running code watched=$SECONDS
  mkdir -p "$LOGS"
  trap end_all EXIT
  while [ ${#waiting[@]} -gt 0 ] || [ ${#PID_OF[@]} -gt 0 ]; do
    left=()
    for name in "${waiting[@]}"; do
      if is_ready "$name"; then start_step "$name"; else left+=("$name"); fi
    done
    waiting=("${left[@]}")
    sleep 0.5
    running=$(jobs -rp)
    for name in "${!PID_OF[@]}"; do
      [[ $'\n'$running$'\n' != *$'\n'${PID_OF[$name]}$'\n'* ]] || continue
      code=0
      wait "${PID_OF[$name]}" || code=$?
      finish_step "$name" "$code"
    done
    [ $((SECONDS - watched)) -lt 10 ] || { watch_steps; watched=$SECONDS; }
  done
}

# A line a step, the longest first, and the sum; less time than that has passed, as steps run side by side.
print_table() {
  local name
  printf '\n%8s %10s  %s\n' seconds processor step
  for name in "${!TOOK[@]}"; do echo "${TOOK[$name]} $name $(outcome "$name")"; done | sort -rn | awk '
    function row(seconds, processor, what) { printf "%8.0f %10.0f  %s\n", seconds, processor, what }
    {
      what = $4 (/ passed$/ ? "" : " " substr($0, index($0, $5)))
      row($1, $2 + $3, what)
      seconds += $1
      processor += $2 + $3
    }
    END { row(seconds, processor, "all together") }'
  say "$SECONDS s have passed"
}

# Ends with "N passed, N failed"; what ran into a limit is no pass, and counted with the failures there.
print_outcome() {
  local name passed=0 failed=0
  for name in "${NAMES[@]}"; do
    case ${STATUS[$name]:-none} in
    none) continue ;;
    0) passed=$((passed + 1)); continue ;;
    esac
    failed=$((failed + 1))
    say "$name $(outcome "$name") (log: $LOGS/$name.log)"
  done
  echo "$passed passed, $failed failed"
  [ $failed -eq 0 ]
}
