#!/usr/bin/env bash
# All tests: pure ones in parallel, then those that start processes, one after another: on two cores they would
# starve each other.
set -euo pipefail
cd "$(dirname "$0")/../.."
processes=(runtime e2e)
pure=$(python3 ros2_ws/setup/test_targets.py "${processes[@]}")
# shellcheck disable=SC2086
cargo test --release --workspace --locked --lib --bins $pure
for target in "${processes[@]}"; do
  cargo test --release --workspace --locked --test "$target" -- --test-threads=1 2>&1 \
    | python3 -u ros2_ws/setup/test_summary.py
done
