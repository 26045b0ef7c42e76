#!/usr/bin/env bash
# Runs every benchmark for a moment, to know that it still works. Asserts nothing about speed.
set -eu
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:?usage: bench/smoke.sh BUILD_FOLDER}
peer=""
[ -x "$ROOT/.venv-interop/bin/python" ] && peer="--peer $ROOT/.venv-interop/bin/python"
python3 "$ROOT/bench/whole_run.py" --bin "$build/bin" $peer --repeat 1 --max-steps 10
