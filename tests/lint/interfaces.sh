#!/bin/bash
# What users of the library and of the scripts meet, as TAP.
# usage: interfaces.sh SOURCE_ROOT LIBRARY.so
set -uo pipefail
root=$1 library=$2
header=$root/runtime/include/gnnac/gnnac.h
include=$root/runtime/include
number=0 failed=0

# A test passes when its command prints nothing and succeeds.
check() { # title command...
    local title=$1 text
    shift
    number=$((number + 1))
    if text=$("$@" 2>&1) && [ -z "$text" ]; then
        echo "ok $number - $title"
        return
    fi
    failed=1
    printf '%s\n' "$text" | sed 's/^/# /'
    echo "not ok $number - $title"
}

skip() { # title why
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

# The header alone and twice, in a language.
compiles() { # compiler language standard
    printf '#include <gnnac/gnnac.h>\n#include <gnnac/gnnac.h>\n' |
        "$1" -x "$2" -std="$3" -Wall -Wextra -Wpedantic -Werror \
            -fsyntax-only -I"$include" -
}

exported() {
    # "A" is the name of the version itself.
    nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' |
        sed 's/@.*//' | grep -v '^_\(init\|fini\)$' | sort
}

declared() {
    tr '\n' ' ' <"$header" | grep -o 'GNNAC_API[^(;]*(' |
        grep -o 'gnnac_[a-z_]*(' | tr -d '(' | sort
}

same_symbols() {
    diff <(declared) <(exported)
}

scripts() {
    local files
    mapfile -t files < <(cd "$root" && git ls-files '*.sh' .ci/run)
    cd "$root" && shellcheck -S warning "${files[@]}"
}

check "the public header is C99 by itself" compiles gcc c c99
check "the public header is C11 by itself" compiles gcc c c11
check "the public header is C++11 by itself" compiles g++ c++ c++11
check "the public header is C++17 by itself" compiles g++ c++ c++17
check "the library exports what the header declares, no more" same_symbols
if command -v shellcheck >/dev/null && git -C "$root" rev-parse 2>/dev/null
then
    check "shellcheck finds nothing in the scripts" scripts
else
    skip "shellcheck finds nothing in the scripts" "no shellcheck or no git"
fi
echo "1..$number"
exit $failed
