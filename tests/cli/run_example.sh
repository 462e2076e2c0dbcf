#!/bin/bash
# Installs the library into an empty folder, builds the example against that
# with pkg-config alone, and runs it, as TAP.
# usage: run_example.sh SOURCE_ROOT BUILD_ROOT MAKE_BUNDLE
set -uo pipefail
root=$1 build=$2 make_bundle=$3
if ! command -v pkg-config >/dev/null; then
    echo "1..0 # SKIP no pkg-config"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
number=0 failed=0

check() { # title command...
    local title=$1 text
    shift
    number=$((number + 1))
    if text=$("$@" 2>&1); then
        echo "ok $number - $title"
    else
        failed=1
        printf '%s\n' "$text" | sed 's/^/# /'
        echo "not ok $number - $title"
    fi
}

prints() { # part command...
    local part=$1 text
    shift
    text=$("$@" 2>&1)
    printf '%s\n' "$text"
    [[ $text == *"$part"* ]]
}

install_library() {
    meson install -C "$build" --no-rebuild --tags runtime,devel \
        --destdir "$folder/root"
}

flags() {
    local pc prefix
    pc=$(find "$folder/root" -name gnnac.pc)
    prefix=$folder/root$(pkg-config --variable=prefix "$pc")
    PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --cflags --libs \
        --define-variable=prefix="$prefix" gnnac
}

build_example() {
    local words
    read -ra words < <(flags)
    # Nothing of ours but the installed files is within reach.
    cp "$root/examples/run_bundle.c" "$folder" && cd "$folder" &&
        cc -std=c99 -Wall -Wextra -Wpedantic -Werror run_bundle.c \
            "${words[@]}" -o run_bundle
}

run_example() {
    local library
    library=$(dirname "$(find "$folder/root" -name 'libgnnac.so.?')")
    CUDA_VISIBLE_DEVICES='' LD_LIBRARY_PATH=$library "$folder/run_bundle" "$@"
}

is_short() {
    local n
    n=$(grep -cvE '^ *(//.*)?$' "$root/examples/run_bundle.c")
    echo "$n lines"
    [ "$n" -le 40 ]
}

check "the example has at most 40 lines of code" is_short
check "the library installs into a folder of its own" install_library
check "the example builds against the installed library" build_example
check "the test bundle is written" "$make_bundle" sage "$folder/sage.gnnb"
check "the example runs a bundle" \
    prints "sage on cpu:" \
    run_example "$folder/sage.gnnb"
check "the example reports a file that is no bundle" \
    prints "run_bundle: bad input: " run_example "$folder/run_bundle.c"
check "the example reports a file that is not there" \
    prints "cannot read or write: $folder/none" run_example "$folder/none"
echo "1..$number"
exit $failed
