#!/usr/bin/env bash
# Our inverse kinematics beside pinocchio and TRAC-IK: the same questions, in turn, in one sitting.
# usage: bench.sh [--runs N] [--poses N] [--json]
#   PEER_VENV   a venv with what requirements.txt names; made in ros2_ws/.deps/kinematics-peer if not given
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../../.." && pwd)
venv=${PEER_VENV:-$top/ros2_ws/.deps/kinematics-peer/venv}
ours=$top/target/release/physical-ai

fail() { printf '[peer] ERROR: %s\n' "$*" >&2; exit 1; }

make_venv() {
  local wanted
  wanted=$(sha256sum < "$here/requirements.txt")
  [ "$(cat "$venv/.done" 2>/dev/null)" = "$wanted" ] && return 0
  printf '[peer] installing pinocchio and TRAC-IK, once\n' >&2
  rm -rf "$venv"
  "${PYTHON:-python3}" -m venv "$venv" || fail "no venv could be made: install python3-venv, or set PYTHON"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt" >&2
  printf '%s' "$wanted" > "$venv/.done"
}

[ -x "$ours" ] || fail "$ours is missing: run \`make build\`"
[ -n "${PEER_VENV:-}" ] || make_venv
exec "$ours" bench kinematics --peer "$venv/bin/python" "$@"
