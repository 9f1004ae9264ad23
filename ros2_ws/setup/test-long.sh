#!/usr/bin/env bash
# The long forms of tests that try random cases: the same tests with higher counts, seeds printed.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PHYSICAL_AI_LONG=1
cargo test --release --locked --workspace --test skills -- --test-threads=1 --nocapture "$@"
cargo test --release --locked --workspace --test e2e -- --test-threads=1 --nocapture nothing_moves_after commands_at_once "$@"

# Numbers of all public robots that load, made anew by pinocchio in an environment that is thrown away.
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
python=$PWD/ros2_ws/.deps/ros/bin/python
[ -x "$python" ] || python=python3
"$python" -m venv "$fresh/venv"
"$fresh/venv/bin/python" -m pip install -q --disable-pip-version-check pin==4.1.0
seed=${PHYSICAL_AI_SEED:-$RANDOM}
echo "robots: seed $seed (PHYSICAL_AI_SEED repeats it)"
robots=$(awk -F'\t' '$2 == "loads" { print $1 }' tests/robots/public_robots.tsv)
# shellcheck disable=SC2086
"$fresh/venv/bin/python" tests/golden/robots/make_robot_golden.py \
  ros2_ws/.deps/robots/share/example-robot-data/robots 100 "$seed" $robots > "$fresh/numbers.json"
PHYSICAL_AI_ROBOT_NUMBERS=$fresh/numbers.json \
  cargo test --release --locked --workspace --test robots -- --nocapture numbers
