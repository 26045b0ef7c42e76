#!/usr/bin/env bash
# Makes .venv-interop, the Python libraries that tests and benchmarks compare with, and .venv-interop-5, the release before the
# newest, which takes torch from the first, and the static embeddings of a package for a test. Never part of the product.
set -eu
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

make_venv() { # FOLDER REQUIREMENTS
    echo "Installing the Python oracle ($2) with pip into $(basename "$1") …" >&2
    "$1/bin/python" -m pip install -q --disable-pip-version-check -r "$ROOT/tests/interop/$2" >&2
}

newest="$ROOT/.venv-interop"
if ! "$newest/bin/python" -c 'import sentence_transformers, accelerate, datasets, peft' 2>/dev/null; then
    [ -x "$newest/bin/python" ] || python3 -m venv "$newest"
    make_venv "$newest" requirements.txt
fi
older="$ROOT/.venv-interop-5"
if ! "$older/bin/python" -c 'import sentence_transformers; assert sentence_transformers.__version__.startswith("5.")' 2>/dev/null; then
    [ -x "$older/bin/python" ] || python3 -m venv "$older"
    ls -d "$newest"/lib/python3*/site-packages >"$(ls -d "$older"/lib/python3*/site-packages)/newest.pth"
    make_venv "$older" requirements-5.txt
fi
# Static embeddings that tst_wordllama opens.
[ -f "$newest/wordllama/expected.json" ] || "$newest/bin/python" "$ROOT/tests/interop/wordllama_model.py" "$newest/wordllama" >&2
