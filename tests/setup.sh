#!/bin/bash
# Installs what building and testing need on Debian 12, Ubuntu 24.04 and later:
# packages, and in .venv of the checkout what is not one: on a machine without a
# CUDA toolkit NVIDIA's run-time compiler (with a GPU also cuBLAS), and the
# public reader of safetensors files. Does nothing where all of it is there. Run
# by tests/run.sh and examples/quickstart.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

NVRTC=nvidia-cuda-nvrtc==13.0.88
CUBLAS=nvidia-cublas==13.0.2.14
READER=(numpy==2.3.5 safetensors==0.7.0)

# need|like, how to look, what to look for, package. Without a "like" the tests
# that use it are skipped.
requirements='
need command gcc gcc
need command g++ g++
need command meson meson
need command ninja ninja-build
need command pkg-config pkg-config
need command python3 python3
need pkgconf lua5.4 liblua5.4-dev
need pkgconf sqlite3 libsqlite3-dev
need pkgconf jansson libjansson-dev
need pkgconf libzip libzip-dev
need pkgconf libdeflate libdeflate-dev
need pkgconf libxxhash libxxhash-dev
need pkgconf zlib zlib1g-dev
like command clang clang
like file omp.h libomp-dev
like command scdoc scdoc
like command make make
'

is_there() { # how what
    case $1 in
    command) command -v "$2" >/dev/null ;;
    pkgconf) command -v pkg-config >/dev/null && pkg-config --exists "$2" ;;
    file) ! command -v clang >/dev/null ||
        echo "#include <$2>" | clang -fopenmp -fsyntax-only -xc - 2>/dev/null ;;
    esac
}

missing() { # need|like
    local level how what package
    while read -r level how what package; do
        [ "$level" = "$1" ] || continue
        is_there "$how" "$what" || echo "$package"
    done <<<"$requirements"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_install() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null
}

# Say what is done; show its output only where it fails.
quietly() { # what command...
    local what=$1 log
    shift
    log=$(mktemp)
    echo "setup: $what"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

install_packages() { # package...
    quietly "reading the package lists" as_root apt-get update -q
    quietly "installing $*" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@"
}

has_library() { # libNAME
    local root
    for root in "${GNNAC_CUDA_PATH:-}" "${CUDA_HOME:-}" "${CUDA_PATH:-}" \
        /usr/local/cuda; do
        [ -n "$root" ] || continue
        compgen -G "$root/$1.so*" >/dev/null && return
        compgen -G "$root/lib64/$1.so*" >/dev/null && return
        compgen -G "$root/lib/$1.so*" >/dev/null && return
    done
    compgen -G ".venv/lib/python3*/site-packages/nvidia/*/lib/$1.so*" \
        >/dev/null && return
    while read -r root; do
        [ ! -e "$root" ] || return 0
    done < <(PATH=$PATH:/sbin:/usr/sbin ldconfig -p |
        sed -n "s/.*$1\.so.* => //p")
    return 1
}

# The modules of READER, in this machine's Python or in .venv.
has_reader() {
    local python
    for python in python3 .venv/bin/python; do
        "$python" -c 'import numpy, safetensors' 2>/dev/null && return
    done
    return 1
}

make_venv() {
    .venv/bin/python -c 'import pip' 2>/dev/null && return
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null && can_install; then
        install_packages python3-venv
    fi
    quietly "making .venv" python3 -m venv .venv
}

install_wheels() { # wheel...
    make_venv && quietly "installing $* in .venv" \
        .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --no-deps --only-binary :all: "$@"
}

install_cuda() {
    local wheels=()
    has_library libnvrtc || wheels+=("$NVRTC")
    if has_library libcuda && ! has_library libcublas; then
        wheels+=("$CUBLAS")
    fi
    [ ${#wheels[@]} = 0 ] || install_wheels "${wheels[@]}"
}

install_reader() {
    has_reader || install_wheels "${READER[@]}"
}

mapfile -t packages < <(missing need; missing like)
if [ ${#packages[@]} -gt 0 ] && can_install; then
    install_packages "${packages[@]}"
fi
mapfile -t packages < <(missing need)
if [ ${#packages[@]} -gt 0 ]; then
    echo "setup: install these packages first: ${packages[*]}" >&2
    exit 1
fi
mapfile -t packages < <(missing like)
if [ ${#packages[@]} -gt 0 ]; then
    echo "setup: going on without ${packages[*]}" >&2
fi
install_cuda ||
    echo "setup: no CUDA compiler (NVRTC): tests that need it are skipped" >&2
install_reader 2>/dev/null ||
    echo "setup: no reader of safetensors: the test that needs it is skipped" >&2
