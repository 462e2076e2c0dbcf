#!/bin/bash
# Runs a TAP program on a GPU, or where there is none on a software device, and
# adds a last test: that the device had nothing to object to.
#
# usage: run.sh BUILD any|ptx|counts|meet PROGRAM [ARGUMENT...]
#     BUILD   build folder; the software device is built in it, once
#     any     native images are taken
#     ptx     the device refuses native images; a GPU cannot be told to
#     counts  it counts work instead of checking; a GPU does not
#     meet    any, for kernels whose blocks wait for each other: it has few
#             multiprocessors, and goes back and forth among all blocks
#
# The software device is a folder (GNNAC_TEST_RIG, default ../shared/rig beside
# the checkout) whose Makefile builds fake/libcuda.so.1 and fake/libcublas.so.13
# that run PTX on the CPU.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd) mode=$2
shift 2
rig_source=${GNNAC_TEST_RIG:-$root/../shared/rig}
rig=$build/software-device
cuda=${CUDA_HOME:-/usr/local/cuda}

skip() {
    echo "1..0 # SKIP $*"
    exit 0
}

has_gpu() {
    [ -e /dev/nvidia0 ] || [ -e /dev/dxg ]
}

# A failure is left for the other tests to find: it stays one for an hour while the
# sources stay.
failed_before() {
    [ "$(cat "$failure" 2>/dev/null)" = "$rig_source" ] &&
        [ -n "$(find "$failure" -mmin -60 -print)" ] &&
        [ -z "$(find "$rig_source/" -newer "$failure" -print -quit)" ]
}

build_rig() {
    local failure=$rig/build.failed
    failed_before && return 1
    rm -f "$failure"
    mkdir -p "$rig" && cp -ru "$rig_source/." "$rig" && chmod -R u+w "$rig" &&
        make -C "$rig" CUDA="$cuda" >"$rig/build.log" 2>&1 && return
    echo "$rig_source" >"$failure"
    return 1
}

use_rig() {
    [ -f "$rig_source/Makefile" ] || skip "no GPU, and no software device"
    [ -f "$cuda/include/cuda.h" ] || skip "no GPU, and no CUDA toolkit here"
    (flock 9 && build_rig) 9>"$build/software-device.lock" ||
        skip "no GPU, and the software device cannot be built here ($rig/build.log)"
    export LD_LIBRARY_PATH=$rig/fake RIG_OPTS="check=1" RIG_MEM=$((1 << 29))
    export XDG_RUNTIME_DIR=$folder # every run has a device, and its lock, of its own
    export RIG_REAL_NVRTC=$build/tests/nvrtc/libnvrtc.so.13 RIG_LOG=$folder/launches
    [ -f "$RIG_REAL_NVRTC" ] || RIG_REAL_NVRTC=$cuda/lib64/libnvrtc.so.13
    case $mode in
        ptx) export RIG_CUBIN=1 GNNAC_TEST_LEVEL=ptx ;;
        counts) export RIG_OPTS="cache=1" ;;
        meet) export RIG_OPTS="check=1 resident=256 slice=500" RIG_SMS=7 ;;
    esac
}

# What the software device said, a line each: on stderr, or, of programs whose
# stderr was taken, in its log.
findings() {
    sed -n 's/^rig: /# /p' "$folder/stderr"
    if [ -f "$folder/launches" ]; then
        sed -n '/"findings":\[{/s/^/# /p' "$folder/launches" | cut -c1-2000
    fi
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if ! has_gpu; then
    use_rig
elif [ "$mode" = ptx ]; then
    skip "a GPU takes its native images"
elif [ "$mode" = counts ]; then
    skip "a GPU counts no sectors for us"
fi

GNNAC_HOME=$folder GNNAC_TEST_FOLDER=$folder "$@" 2>"$folder/stderr" |
    tee "$folder/stdout" | sed '/^1\.\.[1-9]/d'
status=${PIPESTATUS[0]}
cat "$folder/stderr" >&2
grep -q '^1\.\.0' "$folder/stdout" && exit "$status"

number=$(($(sed -n 's/^1\.\.//p' "$folder/stdout") + 1))
findings >"$folder/findings"
head -n 20 "$folder/findings"
if [ -s "$folder/findings" ]; then
    printf 'not '
    status=1
fi
echo "ok $number - the device has no objection"
[ "$number" = 1 ] || echo "1..$number"
exit "$status"
