#!/bin/bash
# One whole visit to a machine that has a GPU, CUDA's libraries and python3 with
# PyTorch, but none of what building needs.
#
#   visit.sh pack BUILD FOLDER [GRAPH...]   here: the programs, the libraries
#                                           they need, graphs, into FOLDER
#   visit.sh check FOLDER OUT               there, from the checkout's root:
#                                           tests, compute-sanitizer
#   visit.sh time FOLDER OUT                there: tuning, and the peers
#   visit.sh survey FOLDER OUT              there: how near the default rules
#                                           come to the best of all points;
#                                           OUT/tune.db has every sample, for
#                                           gnnac tune --simulate
#   visit.sh orders FOLDER OUT              there: what reordering does, and
#                                           whether auto picks well
#   visit.sh families FOLDER OUT [WIDTHS]   there: the best point of each kernel
#                                           family, and cuSPARSE, at widths
#                                           such as 8,32,128
#   visit.sh roof FOLDER OUT [WIDTHS]       there: the best kernel beside the
#                                           GPU's limit and cuSPARSE
#   visit.sh halves FOLDER OUT [WIDTHS]     there: the best kernel for rows of
#                                           16 bits beside that for floats
#   visit.sh slabs FOLDER OUT [WIDTHS [KIND:NODES:EDGES,...]]
#                                           there: what slabs of rows, slab-major
#                                           storage and hints gain on graphs
#                                           whose rows exceed the L2 cache, which
#                                           it generates
#   visit.sh joins FOLDER OUT [WIDTHS]      there: pieces of long rows that meet in
#                                           a second kernel, by atomics, in one
#   visit.sh train FOLDER OUT               there: epoch times of GCN 2x16 and
#                                           GIN 5x64
#   visit.sh latency FOLDER OUT             there: one inference of a gcn, as its
#                                           caller sees it, in float32 (by steps
#                                           and by one kernel, of many points)
#                                           and in 16 bits, beside an empty graph
#   visit.sh ahead FOLDER OUT               there: the same of sums that read what
#                                           the graph is while the kernel ahead
#                                           still runs (ids=2), and that do not
#   visit.sh endings FOLDER OUT             there: the same of layers whose bias
#                                           comes behind a product: in its pass
#                                           by cuBLASLt or our kernel, and apart
#   visit.sh epochs FOLDER OUT              there: an epoch's time and peak memory
#                                           beside PyTorch Geometric's
#   visit.sh forms FOLDER OUT               there: training epochs with features
#                                           by sparse rows beside dense ones,
#                                           where NAME.feat.npz was packed too
#   visit.sh accuracy FOLDER OUT            there: test accuracy of ten seeds,
#                                           where NAME.feat.npz was packed too
#   visit.sh operators FOLDER OUT           there: operators on their own beside
#                                           PyTorch's gather and scatter
#
# Logs go to OUT; a summary is printed. Exit status 1: something failed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
status=0

say() {
    printf '\n== %s\n' "$*"
}

# What the programs link, but for the C library's own.
copy_libraries() { # to program...
    local to=$1
    shift
    ldd "$@" | awk '/=> \//{ print $3 }' | sort -u |
        grep -vE '/(libc|libm|libdl|libpthread|ld-linux[^/]*)\.so' |
        xargs -I{} cp -L {} "$to"
}

pack() { # BUILD FOLDER GRAPH...
    local build=$1 folder=$2
    shift 2
    mkdir -p "$folder/bin" "$folder/lib" "$folder/python" "$folder/graphs"
    cp "$build"/compiler/gnnac "$build"/tests/gpu/test_gpu_{devices,dropout,edges,epilogues,inputs,kernels,models,plans,runtime,tickets,training,whole} \
        "$build/tests/bench/latency" "$folder/bin"
    cp -L "$build"/runtime/libgnnac.so "$folder/python"
    copy_libraries "$folder/lib" "$folder"/bin/*
    copy_libraries "$folder/python" "$folder/python/libgnnac.so"
    # Where run_tests.py looks in a build folder.
    mkdir -p "$folder"/{runtime,compiler,tests}
    cp -L "$build/runtime/libgnnac.so.1" "$folder/runtime"
    cp "$build/compiler/gnnac" "$folder/compiler"
    cp "$build/tests/make_bundle" "$folder/tests"
    [ $# = 0 ] || cp "$@" "$folder/graphs"
    strip "$folder"/bin/* 2>/dev/null
    du -sh "$folder"
}

# Run, keep the log, print its TAP failures and its totals.
tap() { # name command...
    local name=$1 log=$out/$1.tap
    shift
    "$@" >"$log" 2>"$out/$name.err"
    local result=$?
    grep -B3 '^not ok' "$log"
    echo "$name: $(grep -c '^ok' "$log") ok," \
        "$(grep -c '^not ok' "$log") not ok, exit status $result"
    [ $result = 0 ] || status=1
}

sanitize() { # tool program...
    local tool=$1 log
    shift
    log=$out/$tool.$(basename "$1").log
    timeout 110 compute-sanitizer --tool "$tool" --error-exitcode 9 \
        --launch-timeout 0 "$@" >"$log" 2>&1
    local result=$?
    echo "compute-sanitizer $tool $(basename "$1"): exit status $result," \
        "$(grep -a 'ERROR SUMMARY\|RACECHECK SUMMARY' "$log" | tail -n 1)"
    [ $result = 0 ] || status=1
}

check() {
    say "$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader)"
    gnnac doctor
    say "tests"
    tap kernels tests/gpu/run.sh "$folder" any test_gpu_kernels templates \
        tests/kernel/cases.txt
    tap edges tests/gpu/run.sh "$folder" any test_gpu_edges templates \
        tests/kernel/cases.txt
    tap epilogues tests/gpu/run.sh "$folder" any test_gpu_epilogues
    tap devices tests/gpu/run.sh "$folder" any test_gpu_devices
    tap models tests/gpu/run.sh "$folder" any test_gpu_models
    tap whole tests/gpu/run.sh "$folder" meet test_gpu_whole
    tap plans tests/gpu/run.sh "$folder" any test_gpu_plans
    tap runtime tests/gpu/run.sh "$folder" any test_gpu_runtime
    tap inputs tests/gpu/run.sh "$folder" any test_gpu_inputs
    tap tickets tests/gpu/run.sh "$folder" any test_gpu_tickets
    tap training tests/gpu/run.sh "$folder" any test_gpu_training
    tap dropout tests/gpu/run.sh "$folder" any test_gpu_dropout
    tap cli tests/gpu/run.sh "$folder" any python3 \
        tests/cli/run_transcripts.py "$folder/bin/gnnac" tests/gpu/device.test
    tap python tests/gpu/run.sh "$folder" any python3 \
        tests/python/run_tests.py . "$folder" gpu_forward gpu_layers test_torch
    command -v compute-sanitizer >/dev/null || return
    say "compute-sanitizer"
    sanitize memcheck test_gpu_kernels templates tests/kernel/cases.txt
    sanitize racecheck test_gpu_kernels templates tests/kernel/cases.txt
    sanitize initcheck test_gpu_kernels templates tests/kernel/cases.txt
    sanitize memcheck test_gpu_edges templates tests/kernel/cases.txt
    sanitize memcheck test_gpu_models
    sanitize memcheck test_gpu_training
    sanitize memcheck test_gpu_plans
    sanitize memcheck test_gpu_whole
}

# graph.model.gnnb of every packed graph, tuned on this GPU.
compile() { # graph model options...
    local graph=$1 model=$2 name
    shift 2
    name=$(basename "${graph%.*}").$model
    if ! timeout 120 gnnac compile "$graph" --model "$model" "$@" --json \
        -o "$out/bundles/$name.gnnb" >"$out/$name.json" 2>"$out/$name.err"; then
        echo "$name: $(tail -n 1 "$out/$name.err")"
        status=1
        return
    fi
    timeout 120 gnnac run "$out/bundles/$name.gnnb" --verify >"$out/$name.run" \
        2>&1 || { tail -n 1 "$out/$name.run"; status=1; }
}

times() {
    local graph
    mkdir -p "$out/bundles"
    gnnac generate rmat --nodes 1048576 --edges 16777216 -q \
        -o "$folder/graphs/rmat_1m_16m.npz"
    gnnac generate powerlaw --nodes 200000 -q -o "$folder/graphs/powerlaw.npz"
    for graph in "$folder"/graphs/*; do
        compile "$graph" gcn --dim 128 --hidden 16 --classes 16
        compile "$graph" gin --dim 128 --hidden 64 --classes 16
        compile "$graph" sage --dim 128 --hidden 128 --classes 16
    done
    say "peers"
    LD_LIBRARY_PATH=$folder/python timeout 400 python3 tests/bench/peers.py \
        "$folder/python/libgnnac.so" "$out"/bundles/*.gnnb 2>&1 | tee "$out/peers.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/bundles"
}

# Every point of every template, and the default rules' points beside them.
survey() {
    local graph rules sizes
    for graph in "$folder"/graphs/*; do
        for sizes in "--hidden 16 --classes 7" "--hidden 128 --classes 64"; do
            for rules in exhaustive default; do
                # shellcheck disable=SC2086 # the sizes are several words
                timeout 100 gnnac tune "$graph" --model sage --dim 128 \
                    $sizes --rules "$rules" --db "$out" -q --record \
                    >"$out/survey.out" 2>"$out/survey.err" ||
                    echo "$(basename "$graph") $sizes: $(tail -n 1 "$out/survey.err")"
            done
        done
        python3 tests/bench/survey.py "$out/tune.db" >"$out/survey.txt"
    done
    cat "$out/survey.txt"
    gnnac tune --simulate "$out/tune.db" >"$out/simulate.txt" || status=1
    tail -n 3 "$out/simulate.txt"
    rm -f "$out/survey.out" "$out"/kcache.db*
}

orders() {
    python3 tests/bench/order_gain.py gnnac "$out" 32,128 \
        "$folder"/graphs/* 2>&1 | tee "$out/orders.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -f "$out"/*.gnnb "$out"/*.db*
}

families() { # widths
    LD_LIBRARY_PATH=$folder/python python3 tests/bench/families.py \
        "env LD_LIBRARY_PATH=$folder/lib gnnac" "$out" "$1" \
        "$folder"/graphs/* 2>&1 | tee "$out/families.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -f "$out/family.gnnb"
}

roof() { # widths
    python3 tests/bench/roof.py gnnac "$1" "$folder"/graphs/* 2>&1 |
        tee "$out/roof.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
}

halves() { # widths
    python3 tests/bench/halves.py gnnac "$1" "$folder"/graphs/* 2>&1 |
        tee "$out/halves.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
}

# Lines of all nodes fit the L2 cache, half of each, or sectors alone.
slab_shapes=rmat:100000:8000000,rmat:200000:8000000,powerlaw:200000:8000000
slab_shapes+=,sbm:200000:8000000,rmat:400000:8000000,powerlaw:400000:8000000
slab_shapes+=,rmat:900000:9000000

slabs() { # widths shapes
    local graphs=()
    mkdir -p "$out/graphs"
    for shape in ${2//,/ }; do
        IFS=: read -r kind nodes edges <<<"$shape"
        graphs+=("$out/graphs/${kind}_${nodes}.npz")
        gnnac generate "$kind" --nodes "$nodes" --edges "$edges" --seed 1 -q \
            -o "${graphs[-1]}" || status=1
    done
    python3 tests/bench/slabs.py gnnac "$1" "${graphs[@]}" 2>&1 |
        tee "$out/slabs.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/graphs"
}

studies_all() {
    local graph study
    gnnac generate powerlaw --nodes 410236 --edges 4878875 -q \
        -o "$out/graphs/amazon_size.npy" || status=1
    for study in partSize dimWorker reorder block; do
        for graph in "$out"/graphs/*.npy "$folder"/graphs/*; do
            case $graph in *.feat.npz) continue ;; esac
            [ -f "$graph" ] || continue
            say "$(basename "$graph")"
            timeout 100 gnnac bench "$graph" --study $study || status=1
        done
    done
    return $status
}

studies() {
    mkdir -p "$out/graphs"
    studies_all 2>&1 | tee "$out/studies.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/graphs"
}

joins() { # widths
    mkdir -p "$out/graphs"
    python3 tests/bench/joins.py gnnac "$out/graphs" "$1" \
        "$folder"/graphs/* 2>&1 | tee "$out/joins.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/graphs"
}

targets() { # widths seconds
    local graphs=()
    mkdir -p "$out/graphs"
    for graph in "$folder"/graphs/*; do
        case $graph in *.feat.npz) continue ;; esac
        [ -f "$graph" ] && graphs+=("$graph")
    done
    python3 tests/bench/targets.py gnnac "$out/graphs" "$2" "$1" \
        "${graphs[@]}" 2>&1 | tee "$out/targets.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/graphs"
}

epoch_time() { # graph model options...
    local graph=$1 model=$2
    shift 2
    timeout 200 gnnac compile "$graph" --model "$model" --train "$@" -q \
        -o "$out/train.gnnb" &&
        timeout 100 gnnac bench "$out/train.gnnb" --protocol gnnadvisor \
            --device cuda:0 | sed "s|^|$(basename "$graph"), |" || status=1
}

train_all() {
    local graph
    for graph in "$folder"/graphs/*; do
        case $graph in *.feat.npz) continue ;; esac
        epoch_time "$graph" gcn --dim 128 --hidden 16 --layers 2
        epoch_time "$graph" gin --dim 128 --hidden 64 --layers 5
    done
    return $status
}

train() {
    train_all 2>&1 | tee "$out/train.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -f "$out/train.gnnb"
}

# Points of the kernel for all steps: blocks that meet in memory, a cluster.
# shellcheck disable=SC2054 # the commas are the knobs'
whole_points=(
    warpPerBlock={8,16},coarsen={1,2},edgeWorker={2,4}
    warpPerBlock=16,coarsen=1,edgeWorker=8
    warpPerBlock=16,coarsen=1,edgeWorker=2,rowsPerLane=4,depthWorker=8,depthUnroll=1
    cluster={8,16},warpPerBlock=16,coarsen={1,4},edgeWorker=2,rowsPerLane=4,depthWorker=8,depthUnroll=1
    cluster=16,warpPerBlock=16,coarsen=1,edgeWorker={1,2},depthWorker=8
    cluster=16,warpPerBlock=8,coarsen=1,edgeWorker=2,rowsPerLane=4,depthWorker=8,depthUnroll=1
    cluster={8,16},warpPerBlock=32,coarsen=1,edgeWorker=2,unroll=2,colsPerLane=4,depthWorker=8,depthUnroll=1
)

latency() {
    local graph name i
    mkdir -p "$out/bundles"
    for graph in "$folder"/graphs/*; do
        case $graph in *.feat.npz) continue ;; esac
        name=$(basename "${graph%.*}")
        compile "$graph" gcn --dim 128 --hidden 16 --classes 7 --whole on
        mv "$out/bundles/$name.gcn.gnnb" "$out/bundles/$name.fused.gnnb"
        for i in "${!whole_points[@]}"; do
            compile "$graph" gcn --dim 128 --hidden 16 --classes 7 \
                --whole "${whole_points[i]}"
            mv "$out/bundles/$name.gcn.gnnb" "$out/bundles/$name.point$i.gnnb"
        done
        compile "$graph" gcn --dim 128 --hidden 16 --classes 7 --dtype f16
        mv "$out/bundles/$name.gcn.gnnb" "$out/bundles/$name.f16.gnnb"
        compile "$graph" gcn --dim 128 --hidden 16 --classes 7 --no-fuse
    done
    command latency "$out"/bundles/*.gnnb 2>&1 | tee "$out/latency.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/bundles"
}

# Points of row_split that few_rows may pick, by both, and what tuning picks.
ahead_all() {
    local graph name ids i
    local points=("dimWorker=1 edgeWorker=16 coarsen=4 unroll=8"
        "dimWorker=4 edgeWorker=8 coarsen=1 unroll=4")
    for graph in "$folder"/graphs/*; do
        case $graph in *.feat.npz) continue ;; esac
        name=$(basename "${graph%.*}")
        compile "$graph" gcn --dim 128 --hidden 16 --classes 7
        mv "$out/bundles/$name.gcn.gnnb" "$out/bundles/$name.tuned.gnnb"
        for i in "${!points[@]}"; do
            for ids in 0 2; do
                # shellcheck disable=SC2046 # a word for each knob
                compile "$graph" gcn --dim 128 --hidden 16 --classes 7 \
                    --tune off $(printf -- '--set %s ' vec=4 ids=$ids ${points[i]})
                mv "$out/bundles/$name.gcn.gnnb" \
                    "$out/bundles/$name.point$i.ids$ids.gnnb"
            done
        done
        gnnac inspect "$out/bundles/$name.tuned.gnnb" | grep '^step' -A 9
    done
    for _ in 1 2 3; do
        command latency "$out"/bundles/*.gnnb || status=1
    done
    return $status
}

ahead() {
    mkdir -p "$out/bundles"
    ahead_all 2>&1 | tee "$out/ahead.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/bundles"
}

# Layers whose bias comes behind a product. Wide ones end by cuBLASLt, or with
# GNNAC_EPILOGUES=0 in a pass of their own; narrow ones by our kernels, or with
# --no-fuse apart.
endings_all() {
    local graph name together
    for graph in "$folder"/graphs/*; do
        case $graph in *.feat.npz) continue ;; esac
        name=$(basename "${graph%.*}")
        compile "$graph" sage --dim 16 --hidden 128 --classes 64
        compile "$graph" gin --dim 64 --hidden 64 --classes 64 --mlp 2
        compile "$graph" gcn --dim 8 --hidden 16 --classes 16 --no-fuse
        mv "$out/bundles/$name.gcn.gnnb" "$out/bundles/$name.gcn-apart.gnnb"
        compile "$graph" gcn --dim 8 --hidden 16 --classes 16
    done
    for together in 1 0; do
        say "GNNAC_EPILOGUES=$together"
        GNNAC_EPILOGUES=$together command latency "$out"/bundles/*.gnnb ||
            status=1
    done
    return $status
}

endings() {
    mkdir -p "$out/bundles"
    endings_all 2>&1 | tee "$out/endings.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/bundles"
}

# An epoch beside PyTorch Geometric's.
epochs() {
    local graph name
    mkdir -p "$out/bundles"
    for graph in "$folder"/graphs/*; do
        case $graph in *.feat.npz) continue ;; esac
        name=$out/bundles/$(basename "${graph%.*}")
        timeout 200 gnnac compile "$graph" --model gcn --train -q --dim 128 \
            --hidden 16 --classes 16 -o "$name.gcn.gnnb" || status=1
        timeout 200 gnnac compile "$graph" --model gin --train -q --dim 128 \
            --hidden 64 --classes 16 -o "$name.gin.gnnb" || status=1
    done
    LD_LIBRARY_PATH=$folder/python timeout 500 python3 \
        tests/bench/epoch_peers.py "env LD_LIBRARY_PATH=$folder/lib gnnac" \
        "$folder/python/libgnnac.so" "$out"/bundles/*.gnnb 2>&1 |
        tee "$out/epochs.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/bundles"
}

# The same training with both forms of the features, in turns.
form_time() { # graph form options...
    local graph=$1 form=$2
    shift 2
    timeout 200 gnnac train "$graph" --form "$form" --device cuda:0 --json -q \
        "$@" | python3 -c 'import json, sys
r = json.load(sys.stdin)
print("%s %s: %.4f ms an epoch, test accuracy %.4f, features %s" % (
    sys.argv[1], r["model"], r["epoch_ms_median"], r["test_accuracy"],
    r["features"]))' "$(basename "$graph")"
    [ "${PIPESTATUS[*]}" = "0 0" ] || status=1
}

forms_all() {
    local graph form
    for graph in "$folder"/graphs/*; do
        [ -f "${graph%.npz}.feat.npz" ] || continue
        for _ in 1 2; do
            for form in dense sparse; do
                form_time "$graph" $form --protocol kipf
                form_time "$graph" $form --model gcn --hidden 64
                form_time "$graph" $form --model gat --epochs 200
            done
        done
    done
    return $status
}

forms() {
    forms_all 2>&1 | tee "$out/forms.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
}

# The networks of tests/bench/README.md's table, trained on the GPU.
accuracy_of_seeds() { # graph options...
    local graph=$1
    shift
    timeout 280 python3 tests/bench/train_accuracy.py gnnac "$graph" "$@" \
        --device cuda:0 | tail -n 1 || status=1
}

accuracy_all() {
    local graph
    for graph in "$folder"/graphs/{cora,citeseer}.npz; do
        [ -f "${graph%.npz}.feat.npz" ] || continue
        accuracy_of_seeds "$graph" --protocol kipf
    done
    graph=$folder/graphs/cora.npz
    [ -f "$graph" ] || return $status
    accuracy_of_seeds "$graph" --protocol kipf --model gin
    accuracy_of_seeds "$graph" --protocol kipf --model sage
    accuracy_of_seeds "$graph" --protocol gat
    return $status
}

accuracies() {
    accuracy_all 2>&1 | tee "$out/accuracy.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
}

# Forward and backward of every operator.
operators() {
    local graph name
    mkdir -p "$out/bundles"
    for graph in "$folder"/graphs/*; do
        case $graph in *.feat.npz) continue ;; esac
        name=$out/bundles/$(basename "${graph%.*}").ops.gnnb
        timeout 300 gnnac compile "$graph" -q -o "$name" --ops \
            sum:64,max:64,wsum:64,wmean:64,sddmm:64,sddmm:8x8,attention:8x8 ||
            status=1
    done
    LD_LIBRARY_PATH=$folder/python timeout 500 python3 \
        tests/bench/op_peers.py "$folder/python/libgnnac.so" \
        "$out"/bundles/*.gnnb 2>&1 | tee "$out/operators.txt"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    rm -rf "$out/bundles"
}

mode=${1:-} folder=${2:-}
case $mode in
pack)
    shift
    pack "$@"
    exit
    ;;
check | time | survey | orders | families | roof | halves | slabs | train | latency | \
    ahead | endings | epochs | forms | accuracy | operators | studies | \
    joins | targets) ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit 1
    ;;
esac
folder=$(cd "$folder" && pwd) || exit 1
mkdir -p "$3" && out=$(cd "$3" && pwd) || exit 1
export PATH=$folder/bin:$PATH LD_LIBRARY_PATH=$folder/lib
export GNNAC_SOURCE_ROOT=$PWD GNNAC_PATH=$PWD GNNAC_HOME=$out/home
mkdir -p "$GNNAC_HOME"
case $mode in
check) check ;;
time) times ;;
survey) survey ;;
orders) orders ;;
families) families "${4:-8,32,128}" ;;
roof) roof "${4:-16,64,256}" ;;
halves) halves "${4:-64,128,256}" ;;
slabs) slabs "${4:-256,512}" "${5:-$slab_shapes}" ;;
studies) studies ;;
joins) joins "${4:-64,128}" ;;
targets) targets "${4:-64,128,32,256,16}" "${5:-420}" ;;
train) train ;;
latency) latency ;;
ahead) ahead ;;
endings) endings ;;
epochs) epochs ;;
forms) forms ;;
accuracy) accuracies ;;
operators) operators ;;
esac
rm -rf "$GNNAC_HOME"
exit $status
