#!/usr/bin/env bash
# All tests. Those that start processes run one after another: on two cores they would starve each other.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo test --release --workspace --locked -- --test-threads=1
