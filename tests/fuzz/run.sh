#!/usr/bin/env bash
# Runs every fuzzer, two at a time: tests/fuzz/run.sh BUILD_FOLDER [SECONDS]. FUZZ_SEED begins another walk (default 1). They begin with the project's own fixtures; what
# breaks a reader is left in BUILD_FOLDER/fuzz and ends this with status 1.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "${1:?usage: tests/fuzz/run.sh BUILD_FOLDER [SECONDS]}" && pwd)
seconds=${2:-60}
fixtures="$ROOT/tests/fixtures"

seeds() { # READER: files to begin with
    case "$1" in
        csv) ls "$ROOT"/resources/data/*/*.csv ;;
        experiment) ls "$ROOT"/resources/experiments/*.json "$ROOT"/resources/presets/*.json ;;
        jsonl) ls "$fixtures"/data/*.jsonl ;;
        modules) find "$fixtures/model" -name modules.json -o -name config.json ;;
        parquet) find "$fixtures/data/parquet" -name '*.parquet' ;;
        pickle) find "$fixtures" -name '*.bin' -o -name '*.pt' ;;
        records) find "$fixtures" -name 'trainer_state.json' ;;
        safetensors) find "$fixtures/model" -name '*.safetensors' ;;
        sentencepiece) find "$fixtures" -name '*.model' ;;
        tokenizer) find "$fixtures" -name tokenizer.json ;;
    esac
}

run() { # READER
    local corpus log
    corpus=$(mktemp -d)
    log="$build/fuzz/$1.log"
    # The beginning is enough of a large file, and keeps the fuzzer fast.
    seeds "$1" | while read -r file; do head -c 20000 "$file" >"$corpus/$(md5sum <"$file" | cut -c1-16)"; done
    if "$build/fuzz/fuzz_$1" -seed="${FUZZ_SEED:-1}" -max_total_time="$seconds" -max_len=20000 -timeout=20 -rss_limit_mb=2048 \
        -artifact_prefix="$build/fuzz/$1-" "$corpus" >"$log" 2>&1; then
        echo "$1: $(grep -oE '^Done [0-9]+ runs' "$log"), nothing found"
        rm -rf "$corpus"
    else
        echo "$1: FAILED"; grep -E 'ERROR|SUMMARY|runtime error|Test unit written' "$log" | head -n 5
        rm -rf "$corpus"; return 1
    fi
}
export -f run seeds; export build seconds fixtures ROOT
ls "$build"/fuzz/fuzz_* | sed 's/.*fuzz_//' | grep -v '\.' | xargs -P 2 -I{} bash -c 'run {}'
