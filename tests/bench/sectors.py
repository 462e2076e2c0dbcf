#!/usr/bin/env python3
"""How near the sectors that sums move come to the least.

usage: sectors.py COUNT_WORK TEMPLATES [--edges N] [--markdown] GRAPH...

Run it where a software device stands in for the GPU:

    tests/gpu/run.sh build counts python3 tests/bench/sectors.py ...

For every graph, 32, 64 and 128 columns, bare sums and those of GCN with its own
term: 32-byte sectors that loads and stores ask for (before any cache), over the
least (tests/gpu/count_work.c), of the best point of row_split whose teams load
their ids alone (`ids=0`), of the best of those whose rows' lanes do so together
(`ids=1`) and of the best of hybrid. Below 1: teams of a warp asked at once for one
row. Of a graph with more than N edges (4,000,000) a part is counted: every so many
runs of 256 rows, whole, but with folded ids, so that more teams may meet. Counts
say nothing of time.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "gpu"))
from counts import ask, count  # noqa: E402

SUMS = {"bare": "", "gcn": " norm=gcn self=gcn"}
# (lanes of a team, words of a row that each holds, times 4) of row_split, (lanes,
# unroll) of hybrid.
TEAMS = {32: [(4, 2), (8, 1)], 64: [(8, 2)], 128: [(8, 4)]}
PACKED = {32: [(4, 4), (4, 8), (8, 8)], 64: [(8, 4), (8, 8)],
          128: [(16, 4), (16, 8)]}
KINDS = ["ids=0", "ids=1", "hybrid"]
LIMIT = 1.10


def points(width):
    """(kind, point) of what is compared."""
    for lanes, loads in TEAMS[width]:
        for teams in (1, 2):
            for ids in (0, 1):
                yield KINDS[ids], "row_split dim=%d dimWorker=%d " \
                    "edgeWorker=%d vec=4 coarsen=%d ids=%d" % (
                        width, lanes, teams, loads, ids)
    for lanes, unroll in PACKED[width]:
        yield "hybrid", "hybrid dim=%d dimWorker=%d packedEdges=32 " \
            "unroll=%d" % (width, lanes, unroll)


def questions(graphs):
    """{(graph, point with its sum): (graph, width, sum, kind)}."""
    return {(graph, point + text): (graph, width, name, kind)
            for graph in graphs for width in TEAMS
            for name, text in SUMS.items() for kind, point in points(width)}


def shares(program, templates, asked):
    """{(graph, width, sum, kind): (share of the least, edges, point)}, the best."""
    best = {}
    for answer, launches in ask(program, templates, list(asked)):
        if "refused" in answer:
            continue
        key = asked[answer["graph"], answer["point"]]
        share = count(launches)["sectors"] / answer["least"]
        found = share, answer["edges"], answer["point"]
        best[key] = min(best.get(key, found), found)
    return best


def knobs(point):
    """What distinguishes the points of a kind and width."""
    words = [w.split("=") for w in point.split()[2:]]
    return " ".join("%s %s" % (k, v) for k, v in words
                    if k in ("dimWorker", "edgeWorker", "unroll"))


def stem(graph):
    return os.path.basename(graph.split("@")[0]).split(".")[0]


def show(best):
    """A line for each graph, width and sum."""
    line = "%-18s %8s %7s  %-4s" + "  %6s  %-30s" * len(KINDS)
    print((line % ("graph", "edges", "columns", "sum",
                   *(w for kind in KINDS for w in (kind, "by")))).rstrip())
    for graph, width, name in dict.fromkeys(key[:3] for key in best):
        found = [best[graph, width, name, kind] for kind in KINDS]
        cells = (w for share, _, point in found
                 for w in ("%.3f" % share, knobs(point)))
        print((line % (stem(graph), found[0][1], width, name,
                       *cells)).rstrip())


def show_markdown(best):
    """A row for each graph and sum; ids=0, ids=1, hybrid of a width in a cell."""
    print("| graph | edges | sum | %s |\n|---|---:|---|%s" % (
        " | ".join(map(str, TEAMS)), "---|" * len(TEAMS)))
    for graph, name in dict.fromkeys((key[0], key[2]) for key in best):
        cells = [" ".join("%.2f" % best[graph, width, name, kind][0]
                          for kind in KINDS) for width in TEAMS]
        edges = best[graph, 32, name, "hybrid"][1]
        print("| %s | %s | %s | %s |" % (stem(graph), format(edges, ","), name,
                                         " | ".join(cells)))


def main():
    args, edges, shown = sys.argv[3:], 4000000, show
    if args[:1] == ["--edges"]:
        edges, args = int(args[1]), args[2:]
    if args[:1] == ["--markdown"]:
        shown, args = show_markdown, args[1:]
    graphs = ["%s@%d" % (path, edges) for path in args]
    best = shares(*sys.argv[1:3], questions(graphs))
    shown(best)
    for kind in KINDS:
        of_kind = [v[0] for key, v in best.items() if key[3] == kind]
        print("%s: at most %.3f of the least; %d of %d above %.2f" % (
            kind, max(of_kind), sum(v > LIMIT for v in of_kind),
            len(of_kind), LIMIT))
    print("1..0 # SKIP a measurement, no test")


if __name__ == "__main__":
    main()
