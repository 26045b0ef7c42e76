#!/usr/bin/env bash
# Makes .venv-interop: the Python libraries that tests and benchmarks compare with. Never part of the product.
set -eu
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv="$ROOT/.venv-interop"
if "$venv/bin/python" -c 'import sentence_transformers, accelerate, datasets' 2>/dev/null; then exit 0; fi
echo "Installing the Python oracle (sentence-transformers) with pip into .venv-interop …" >&2
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$ROOT/tests/interop/requirements.txt" >&2
