#!/bin/bash
# Builds gnnac and runs every test, from a fresh clone too. The last line is
# "N passed, N failed, N skipped"; the exit status is not 0 if anything failed.
#
# usage: tests/run.sh [fast|slow]
#     fast    gcc and its tests alone
#     slow    with gcc, what is long and seldom finds more: the suite `slow`
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

passed=0 failed=0 skipped=0
# All builds' tests compile the same kernels: tests/nvrtc.
export GNNAC_TEST_KERNELS=$PWD/build/kernels

stage() {
    printf '\n== %s\n' "$*"
}

fail() {
    echo "FAILED: $*"
    failed=$((failed + 1))
}

skip() {
    echo "skipped: $*"
    skipped=$((skipped + 1))
}

# Run quietly; show the output where it fails.
quietly() {
    local log status
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    [ $status = 0 ] || tail -n 60 "$log"
    rm -f "$log"
    return $status
}

configure() { # folder, then options of meson
    local folder=$1
    shift
    [ -f "$folder/build.ninja" ] || quietly meson setup "$folder" "$@"
}

build() { # folder, then options of meson
    configure "$@" && quietly ninja --quiet -C "$1"
}

# Run the tests of a build folder and add its subtests to the totals.
run_tests() { # folder, then arguments of meson test
    local folder=$1 log p f s
    shift
    rm -f "$folder"/meson-logs/testlog*.json
    meson test -C "$folder" --no-rebuild "$@" >"$folder/test.txt" 2>&1 \
        </dev/null
    # With a setup its name is in that of the log.
    log=$(find "$folder/meson-logs" -name 'testlog*.json')
    if [ -z "$log" ]; then
        tail -n 20 "$folder/test.txt"
        fail "meson test of $folder"
        return
    fi
    read -r p f s < <(python3 tests/count.py "$log" 2>"$folder/failures.txt")
    cat "$folder/failures.txt"
    echo "$folder: $p passed, $f failed, $s skipped"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

finish() {
    printf '\n%d passed, %d failed, %d skipped\n' \
        "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}

stage "what is needed"
if ! ./tests/setup.sh; then
    fail "set-up"
    finish
fi

stage "gcc, warnings are errors; all suites"
if CC=gcc CXX=g++ build build --werror; then
    case ${1:-} in
    slow) run_tests build --suite slow ;;
    *) run_tests build ;;
    esac
else
    fail "build with gcc"
    finish
fi
[ -n "${1:-}" ] && finish

# Not --werror: gcc warns of more, and wrongly, where sanitizers add code. Not
# -O2: it takes longer to build than it saves the tests.
stage "gcc with AddressSanitizer and UndefinedBehaviorSanitizer"
if CC=gcc CXX=g++ build build-san -Db_sanitize=address,undefined \
    -Db_lundef=false -Doptimization=1; then
    run_tests build-san --setup sanitized
else
    fail "build with sanitizers"
fi

# Clang warns of the same without optimising.
stage "clang, warnings are errors"
if ! command -v clang >/dev/null; then
    skip "clang is not installed"
elif CC=clang CXX=clang++ build build-clang --werror -Doptimization=0 \
    -Ddebug=false; then
    echo "build-clang: ok"
    passed=$((passed + 1))
else
    fail "build with clang"
fi

# Without archer, which tells ThreadSanitizer where OpenMP's threads wait for
# each other, every parallel loop would be a race: so clang, never gcc.
stage "clang with ThreadSanitizer, threads that meet"
archer=$(dirname "$(realpath "$(command -v clang)" 2>/dev/null)")
archer=$archer/../lib/libarcher.so
meets() { # test program
    TSAN_OPTIONS="ignore_noninstrumented_modules=1" KMP_BLOCKTIME=0 \
        OMP_TOOL_LIBRARIES=$archer quietly "build-tsan/tests/$1"
}
if [ ! -f "$archer" ]; then
    skip "libarcher.so, of libomp-dev, is not installed"
elif CC=clang CXX=clang++ configure build-tsan -Db_sanitize=thread \
    -Db_lundef=false -Doptimization=1 &&
    quietly ninja --quiet -C build-tsan tests/test_races tests/test_plans &&
    meets test_races && meets test_plans; then
    echo "build-tsan: ok"
    passed=$((passed + 1))
else
    fail "threads that meet"
fi
finish
