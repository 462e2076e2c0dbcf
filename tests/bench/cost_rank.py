#!/usr/bin/env python3
"""Does the cost model order kernels as the work that they do?

usage: cost_rank.py COUNT_WORK TEMPLATES [WIDTH[,WIDTH...]] [GRAPH...]

Run it where a software device stands in for the GPU:

    tests/gpu/run.sh build counts python3 tests/bench/cost_rank.py ...

For every graph and width some points of every family are counted
(tests/gpu/counts.py) and given to the cost model, both for one small device. A
row has Spearman's correlation between the model and each term of the work, and
with `work`, the largest of the terms; then how much more work the model's first
does than the best, and the two. The terms are ideal cycles of that device:

    issue  warp instructions, by the share of places for blocks that were busy
    wave   lines of memory and wavefronts of shared memory, one a cycle, likewise
    l2     sectors that L1 lacked
    dram   sectors that L2 lacked

Nothing here knows of latency, which the model also weighs, so 1 is not the aim.
"""
import itertools
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "gpu"))
from counts import SMS, ask, count, total  # noqa: E402

GRAPHS = ["sbm:4096:32768", "powerlaw:4096:32768", "rmat:4096:32768"]
WIDTHS = [8, 32, 128]
# An H200's rates over its clock, for each multiprocessor: bytes of L2 and of
# device memory, warp instructions.
L2_BYTES, DRAM_BYTES, INSTRUCTIONS = 32, 20, 4

FAMILIES = {
    "row_split": {"dimWorker": [2, 8, 32], "edgeWorker": [1, 4, 16],
                  "vec": [1, 4], "coarsen": [1, 4], "unroll": [4]},
    "neighbor_group": {"partSize": [8, 32, 128], "dimWorker": [4, 16, 32],
                       "unroll": [4]},
    "edge_balanced": {"edgesPerWarp": [32, 64, 128, 256, 512],
                      "dimWorker": [2, 8, 32], "unroll": [4]},
    "hybrid": {"segmentEdges": [64, 256], "packedEdges": [4, 16, 32],
               "dimWorker": [2, 8, 32], "unroll": [4]},
    "narrow": {"edgesPerWarp": [64, 128, 256]},
}


def points(width):
    for family, knobs in FAMILIES.items():
        for values in itertools.product(*knobs.values()):
            p = dict(zip(knobs, values))
            lanes, vec = p.get("dimWorker", 1), p.get("vec", 4)
            # Idle lanes, or columns that take many tiles: nobody proposes them.
            if lanes > 1 and lanes * vec // 2 >= max(width, 4) * 2:
                continue
            if lanes * vec * p.get("coarsen", 8) < min(width, 128):
                continue
            yield "%s dim=%d %s" % (family, width, " ".join(
                "%s=%d" % item for item in p.items()))


def terms(launches):
    """Ideal cycles of the small device, by what would bound them."""
    c = count(launches)
    lines = sum(total(launches, m, "lines")
                for m in ("global_load", "global_store"))
    busy = SMS * c["even"] / 1000
    return {"issue": c["instr"] / (INSTRUCTIONS * busy),
            "wave": (lines + c["waves"]) / busy,
            "l2": c["l2"] * 32 / (L2_BYTES * SMS),
            "dram": c["dram"] * 32 / (DRAM_BYTES * SMS)}


def ranks(values):
    """Places in ascending order; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    out, i = [0.0] * len(values), 0
    while i < len(order):
        j = i
        while j < len(order) and values[order[j]] == values[order[i]]:
            j += 1
        for k in order[i:j]:
            out[k] = (i + j - 1) / 2
        i = j
    return out


def spearman(a, b):
    x, y = ranks(a), ranks(b)
    mean = (len(x) - 1) / 2
    dot = sum((p - mean) * (q - mean) for p, q in zip(x, y))
    norm = sum((p - mean) ** 2 for p in x) * sum((q - mean) ** 2 for q in y)
    return dot / norm ** .5 if norm else 0.0


def survey(program, templates, graph, width):
    """Prints a row; the correlation with the work and the excess of work."""
    answers = [(a, terms(launches)) for a, launches in
               ask(program, templates, [(graph, p) for p in points(width)])
               if "refused" not in a]
    cost = [a["cost"] for a, _ in answers]
    work = [max(t.values()) for _, t in answers]
    columns = [[t[n] for _, t in answers] for n in answers[0][1]] + [work]
    rho = [spearman(cost, column) for column in columns]
    first, best = cost.index(min(cost)), work.index(min(work))
    excess = work[first] / work[best]
    print("%-22s %5d %6d" % (os.path.basename(graph), width, len(answers)) +
          "".join("%7.2f" % r for r in rho) + "%8.2f" % excess)
    print("    first %s\n    best  %s" % (answers[first][0]["point"],
                                          answers[best][0]["point"]),
          flush=True)
    return rho[-1], excess


def main():
    program, templates = sys.argv[1:3]
    widths = [int(w) for w in sys.argv[3].split(",")] \
        if len(sys.argv) > 3 else WIDTHS
    print("%-22s %5s %6s" % ("graph", "width", "points") + "".join(
        "%7s" % n for n in ("issue", "wave", "l2", "dram", "work")) +
        "%8s" % "excess")
    rows = [survey(program, templates, graph, width)
            for graph in sys.argv[4:] or GRAPHS for width in widths]
    print("mean correlation with the work %.2f, mean excess %.2f" %
          tuple(sum(column) / len(rows) for column in zip(*rows)))
    print("1..0 # SKIP a measurement, no test")


if __name__ == "__main__":
    main()
