#!/usr/bin/env bash
# Fails when a layer includes what it must not know (docs/architecture.md), or reads numbers through the C locale.
set -u
cd "${1:?usage: check_layers.sh SOURCE_TREE}" || exit 1
failed=0

# forbid PATTERN WHAT FOLDER...
forbid() {
    local pattern=$1 what=$2 hits
    shift 2
    hits=$(grep -rnE --include='*.h' --include='*.cpp' "$pattern" "$@" 2>/dev/null)
    [ -z "$hits" ] && return
    echo "$what:"; echo "$hits"; failed=1
}

qt='#include *<Q[A-Za-z]+'
torch='#include *[<"](torch|ATen|c10|caffe2)/'
include() { echo "#include *\"($1)/"; }

forbid "$qt" "Qt below the session" src/core src/text src/data src/engine src/cli
forbid "$torch" "torch outside the engine" src/core src/text src/data src/session src/cli ui
forbid "$(include 'text|data|engine|session|cli')" "core knows only itself" src/core
forbid "$(include 'data|engine|session|cli')" "text knows only core" src/text
forbid "$(include 'text|engine|session|cli')" "data knows only core" src/data
forbid "$(include 'session|cli')" "the engine knows neither session nor cli" src/engine
forbid "$(include 'engine|cli')" "the session reaches the engine through core/engine_api.h" src/session
forbid "$(include 'engine|session')" "the terminal reaches the engine through core/engine_api.h" src/cli
forbid "$(include 'engine|cli')" "the window reaches the engine through the session" ui
forbid '\b(strtod|strtof|atof|std::stod|std::stof) *\(' "numbers through the C locale (use std::from_chars)" src ui

# The checks above must be able to fail: each pattern finds what it looks for.
printf '#include <QObject>\n#include <ATen/ATen.h>\n#include "engine/x.h"\n' > "${TMPDIR:-/tmp}/studio-layers.$$"
for pattern in "$qt" "$torch" "$(include engine)"; do
    grep -qE "$pattern" "${TMPDIR:-/tmp}/studio-layers.$$" || { echo "the pattern $pattern finds nothing"; failed=1; }
done
rm -f "${TMPDIR:-/tmp}/studio-layers.$$"

[ "$failed" = 0 ] && echo "layers hold"
exit $failed
