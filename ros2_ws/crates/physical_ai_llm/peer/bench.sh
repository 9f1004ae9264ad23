#!/usr/bin/env bash
# Our engine beside llama.cpp: the same file and threads, in turn, in one sitting. Prints the ratios.
# usage: bench.sh [--runs N] [--threads N] [--json]
#   PEER_VENV   a venv with what requirements.txt names; made in ros2_ws/.deps/llm-peer if not given
#   PEER_MODEL  the GGUF file to measure; made there if not given: Phi-3.5-mini's shape, random weights
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../../.." && pwd)
folder=$top/ros2_ws/.deps/llm-peer
venv=${PEER_VENV:-$folder/venv}
model=${PEER_MODEL:-$folder/phi35mini-random-q4_k_m.gguf}
ours=$top/target/release/physical-ai

say() { printf '[peer] %s\n' "$*" >&2; }
fail() { printf '[peer] ERROR: %s\n' "$*" >&2; exit 1; }

make_venv() {
  local wanted
  wanted=$(sha256sum < "$here/requirements.txt")
  [ "$(cat "$venv/.done" 2>/dev/null)" = "$wanted" ] && return 0
  say "installing llama-cpp-python, which is compiled for this processor: about 10 minutes on 2 cores, once"
  rm -rf "$venv"
  "${PYTHON:-python3}" -m venv "$venv" || fail "no venv could be made: install python3-venv, or set PYTHON"
  # A ready-made wheel would not use all that this processor can do.
  CMAKE_ARGS=-DGGML_NATIVE=ON "$venv/bin/python" -m pip install -q --disable-pip-version-check \
    --no-binary llama-cpp-python -r "$here/requirements.txt" >&2
  printf '%s' "$wanted" > "$venv/.done"
}

[ -x "$ours" ] || fail "$ours is missing: run \`make build\`"
mkdir -p "$folder"
if [ -z "${PEER_VENV:-}" ]; then
  make_venv
fi
"$venv/bin/python" -c 'import gguf, llama_cpp, numpy' || fail "$venv lacks what $here/requirements.txt names"
if [ -z "${PEER_MODEL:-}" ] && [ ! -s "$model" ]; then
  say "making $model: a few minutes, and 10 GB of disk meanwhile, once"
  "$venv/bin/python" "$here/make_model.py" "$model" >&2
fi
[ -s "$model" ] || fail "PEER_MODEL $model is no file"
exec "$venv/bin/python" "$here/compare.py" --ours "$ours" --model "$model" "$@"
