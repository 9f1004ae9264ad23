#!/usr/bin/env bash
# The long forms of tests that try random cases: the same tests with higher counts, seeds printed.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PHYSICAL_AI_LONG=1
cargo test --release --locked --workspace --test skills -- --test-threads=1 --nocapture "$@"
cargo test --release --locked --workspace --test e2e -- --test-threads=1 --nocapture nothing_moves_after commands_at_once "$@"
