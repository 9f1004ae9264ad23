#!/usr/bin/env bash
# Two robots in a physics simulation carry out three missions that come in as ROS 2 actions from a plain
# rclpy client: one in English, one in YAML, and one in Korean, which only the language model reads: its
# plan is shown, and waits until the client confirms it. Ends with a report in reports/demo. Needs no display.
# Set ROS_DOMAIN_ID to watch from another shell; otherwise a domain that nobody uses is taken.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
set +u && source ros2_ws/setup.bash && set -u

sentence='arm_1 puts the red box in bin_b while rover_1 patrols dock_a and dock_b, then rover_1 returns home'
plan=params/missions/demo.yaml
korean='arm_1은 홈으로 복귀하고 rover_1은 dock_c로 이동해줘'
out=reports/demo
physical_ai=target/release/physical-ai
began=$SECONDS

say() { printf '\n== %s\n' "$*"; }

# A domain is in use when something is bound to its discovery port, 7400 + 250 × domain. Domains above
# 101 would reach into the ephemeral ports.
domain_is_free() {
  ! grep -qi ":$(printf '%04X' $((7400 + 250 * $1))) " /proc/net/udp /proc/net/udp6 2>/dev/null
}
free_domain() {
  local domain
  for domain in $(shuf -i 1-101); do
    domain_is_free "$domain" && echo "$domain" && return
  done
  echo 'all ROS domains from 1 to 101 are in use: set ROS_DOMAIN_ID' >&2
  return 1
}
export ROS_DOMAIN_ID=${ROS_DOMAIN_ID:-$(free_domain)}

up=
record=
# Sends SIGINT as Ctrl-C would, and waits; what has not stopped after ten seconds is killed.
stop() { # pid
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null || return 0
  kill -INT "$1" 2>/dev/null || true
  local waited
  for waited in $(seq 100); do
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$1" 2>/dev/null; then
    kill -KILL "$1" 2>/dev/null || true
  fi
  wait "$1" 2>/dev/null || true
}
work=$(mktemp -d)
clean_up() {
  local status=$?
  trap - EXIT INT TERM
  # The recorder first: it hears the last words of the suite no more, but the recording ends whole.
  stop "$record"
  stop "$up"
  if [ "$status" -ne 0 ] && [ -s "$out/up.log" ]; then
    printf '\nthe demo failed; last lines of %s:\n' "$out/up.log" >&2
    tail -n 20 "$out/up.log" >&2
  fi
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

rm -rf "$out"
mkdir -p "$out"
say "starting two robots (ROS_DOMAIN_ID=$ROS_DOMAIN_ID; log in $out/up.log)"
# Job control of its own for each, so that Ctrl-C reaches this script only and the missions are cancelled
# before the robots lose their workers. A journal of its own, so that no mission of another day goes on.
set -m
"$physical_ai" up params/deployments/demo.yaml --set "orchestrator.journal_file=$work/missions.sqlite" \
  >"$out/up.log" 2>&1 &
up=$!
"$physical_ai" record --out "$out" --mission "$sentence" --mission "$plan" --mission "$korean" \
  >"$out/record.log" 2>&1 &
record=$!
set +m

failed=0
run_mission() { # what, client options...
  say "$1"
  shift
  python3 tests/interop/mission_client.py --timeout-s 40 --confirm yes "$@" || failed=1
}
run_mission "a mission in English: $sentence" \
  --wait-s 20 --wait-for-robot arm_1 --wait-for-robot rover_1 --text "$sentence"
kill -0 "$up" 2>/dev/null || { echo "the suite ended before its time, see $out/up.log" >&2; exit 1; }
run_mission "a mission in YAML: $plan" --plan-file "$plan"
run_mission "a mission in Korean: $korean" --text "$korean"

say 'stopping'
stop "$record"
record=
stop "$up"
up=
for file in "$out/report.html" "$out/run.mcap"; do
  [ -s "$file" ] || { echo "$file is missing, see $out/record.log" >&2; failed=1; }
done
printf 'report:    %s\nrecording: %s (opens in Foxglove)\n' "$PWD/$out/report.html" "$PWD/$out/run.mcap"
say "the demo took $((SECONDS - began)) s and $([ "$failed" = 0 ] && echo succeeded || echo FAILED)"
exit "$failed"
