#!/bin/bash
# From nothing to checked results: installs what is missing, builds gnnac,
# compiles models for a few graphs, runs them against a float64 reference and
# says in words what happened. Everything it makes lies in build/quickstart.
# The last line is "N passed, N failed, N skipped"; not 0 if anything failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD work=$PWD/build/quickstart
graphs=${GNNAC_TEST_GRAPHS:-$root/../shared/graphs}

passed=0 failed=0 skipped=0

# Say what is done, do it, show what it printed.
step() { # words command...
    local words=$1
    shift
    printf '\n-- %s\n' "$words"
    if "$@" </dev/null 2>&1 | sed 's/^/   /'; then
        passed=$((passed + 1))
        return 0
    fi
    echo "   FAILED: $*"
    failed=$((failed + 1))
    return 1
}

skip() { # words
    printf '\n-- skipped: %s\n' "$*"
    skipped=$((skipped + 1))
}

next_steps() {
    printf '\n-- to go on\n'
    sed 's/^/   /' <<END
export PATH=$root/build/compiler:\$PATH
gnnac compile YOUR_GRAPH.npz --model gcn --dim FEATURES --classes CLASSES
What was made here is in $work; README.md has a tour.
END
}

finish() {
    [ "$failed" -gt 0 ] || next_steps
    printf '\n%d passed, %d failed, %d skipped\n' \
        "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
    exit
}

build() {
    local log=$root/build.log status=0
    if [ ! -f "$root/build/build.ninja" ]; then
        CC=gcc CXX=g++ meson setup "$root/build" --werror >"$log" || status=$?
    fi
    [ $status = 0 ] && { ninja --quiet -C "$root/build" >"$log" || status=$?; }
    [ $status = 0 ] || tail -n 60 "$log"
    rm -f "$log"
    return $status
}

has_compiler() { # of CUDA
    gnnac doctor --json 2>/dev/null | python3 -c \
        'import json, sys; sys.exit(not json.load(sys.stdin)["nvrtc"]["found"])'
}

# Compile a model for a graph and check what the bundle computes.
compile_and_run() { # graph model options...
    local graph=$1 model=$2 bundle
    bundle=$(basename "$graph" .npz).$model.gnnb
    shift 2
    step "compile the model '$model' for $(basename "$graph")" \
        gnnac compile "$graph" --model "$model" "$@" -o "$bundle" &&
        step "run it and compare every number with a float64 reference" \
            gnnac run "$bundle" --verify
}

# Two compilations that know nothing of one another.
same_bytes() { # graph
    local name
    for name in one two; do
        gnnac compile "$1" --model gcn --dim 32 --classes 8 --no-db -q \
            --tune off -o $name.gnnb || return
    done
    cmp one.gnnb two.gnnb && echo "the same bytes"
}

# Decided before, so nothing is emitted or compiled.
remembered() { # graph
    gnnac compile "$1" --model gcn --dim 32 --classes 8 -v -o again.gnnb 2>&1 |
        grep "0 candidates emitted, 0 images compiled"
}

step "install what is missing" tests/setup.sh || finish
step "build" build || finish
export PATH=$root/build/compiler:$PATH GNNAC_SOURCE_ROOT=$root
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 1
export GNNAC_HOME=$work/home

step "what this machine has" gnnac doctor

printf '0 1\n1 2\n2 0\n2 3\n3 4\n' >tiny.txt
step "a graph of five edges, written by hand, and its reverse edges" \
    gnnac convert tiny.txt tiny.npz --symmetrize
step "a random graph with hubs, as the web has them" \
    gnnac generate rmat --nodes 4096 --edges 32768 --seed 7 -o rmat.npz
step "measure it" gnnac analyze rmat.npz

if has_compiler; then
    step "ask which rule would choose what, and why" \
        gnnac explain rmat.npz --model gcn --dim 32 --classes 8
    compile_and_run tiny.npz gcn --dim 3 --classes 2
    for model in gcn gin sage; do
        compile_and_run rmat.npz $model --dim 32 --classes 8
    done
    step "look into a bundle" gnnac inspect rmat.gcn.gnnb
    step "run it from a C program, examples/run_bundle.c" \
        "$root/build/examples/run_bundle" rmat.gcn.gnnb
    step "compile once more: the database remembers" remembered rmat.npz
    step "compile twice without the database" same_bytes rmat.npz
    if [ -f "$graphs/cora.npz" ]; then
        compile_and_run "$graphs/karate.npz" gcn --dim 34 --classes 4
        compile_and_run "$graphs/cora.npz" gcn --dim 1433 --classes 7
        compile_and_run "$graphs/as_caida.npz" gin --dim 64 --classes 16
    else
        skip "real graphs: none in $graphs"
    fi
else
    skip "compiling: no CUDA compiler (NVRTC) was found, see above"
fi
finish
