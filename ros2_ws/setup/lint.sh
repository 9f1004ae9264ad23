#!/usr/bin/env bash
# Formatting and lints; warnings are errors.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash ros2_ws/setup/setup.sh --no-build
cargo fmt --all --check
cargo clippy --release --workspace --all-targets --locked -- -D warnings
