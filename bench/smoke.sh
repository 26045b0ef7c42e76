#!/usr/bin/env bash
# Runs every benchmark for a moment, to know that it still works. Asserts nothing about speed.
set -eu
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:?usage: bench/smoke.sh BUILD_FOLDER}
peer=""
[ -x "$ROOT/.venv-interop/bin/python" ] && peer="--peer $ROOT/.venv-interop/bin/python"
python3 "$ROOT/bench/whole_run.py" --bin "$build/bin" $peer --repeat 1 --max-steps 10
python3 "$ROOT/bench/compare.py" --bin "$build/bin" --workloads sts --dropout 0 --dtype fp32,bf16 --seconds 0 --rounds 1 --extras

# The step against the build of the last time this ran: told, not judged, since other work moves it by some per cent.
previous="$build/bench-previous/bench_compare"
if [ -x "$previous" ] && ! cmp -s "$previous" "$build/bin/bench_compare"; then
    echo "against the previous build (ratio above 1: faster now):"
    python3 "$ROOT/bench/compare.py" --bin "$build/bin" --against "$previous" --workloads sts,passages --dropout 0.1 --seconds 6 || true
fi
mkdir -p "$build/bench-previous" && cp "$build/bin/bench_compare" "$previous"
