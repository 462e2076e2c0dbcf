#!/usr/bin/env python3
"""How the pieces of long rows meet: in a second kernel, by atomics, by who comes last.

usage: joins.py GNNAC FOLDER WIDTH[,WIDTH...] [GRAPH...]

Generates the graphs below into FOLDER and takes every width of these and of those
given. `gnnac bench` checks and times the points of rules/atomics.lua beside the
default rules'. A line has the best time of each family that cuts rows, in us, by
`combine`: 0 a second kernel, 1 atomics (of neighbor_group or 2), 3 who comes last;
then how many times as long as the fastest of all takes the best of those whose
results repeat, without 3 ("two") and with it ("one"). The last lines are geometric
means. The slowest leave a race after two samples or more. GNNAC may be a command of
several words.
"""
import os
import sys

from roof import bench, geometric_mean
from targets import cell, fastest, generated, knob, ratio

# name, kind, nodes, edges
GRAPHS = [
    ("star", "star", 100000, None),
    ("artist_size", "powerlaw", 50515, 1638396),
    ("soc_size", "rmat", 95828, 837512),
    ("rmat_262k", "rmat", 262144, 8000000),
]
FAMILIES = ["hybrid", "edge_balanced", "neighbor_group"]
ATOMICS, LAST = (1, 2), (3,)


def best_of(rows, family, values):
    return fastest(rows, lambda r: r["kernel"] == family and
                   knob(r, "combine") in values)


def show(gnnac, name, path, width):
    """A line, and its two ratios; None where nothing was timed."""
    out = bench(gnnac, path, width, "--rules", "atomics")
    rows = out["rows"] if out else []
    least = fastest(rows, lambda r: True)
    if not least:
        return None
    ratios = [ratio(fastest(rows, lambda r: knob(r, "combine") not in others),
                    least) for others in ((*ATOMICS, *LAST), ATOMICS)]
    times = [best_of(rows, f, values) for f in FAMILIES
             for values in ((0,), ATOMICS, LAST)]
    print(f"{name:14}{width:>5}" +
          "".join(f"{t:9.2f}" if t else f"{'-':>9}" for t in times) +
          "".join(cell(r, ".3f") for r in ratios) + f"{least:10.2f} us",
          flush=True)
    return ratios


def main():
    gnnac, folder, widths = sys.argv[1:4]
    graphs = [(name, generated(gnnac, folder, name, *rest))
              for name, *rest in GRAPHS]
    graphs += [(os.path.basename(g).split(".")[0], g) for g in sys.argv[4:]]
    print(f"{'graph':14} cols" + "".join(
        f"{f[:6]:>7}{c:>2}" for f in FAMILIES for c in (0, 1, 3)) +
        f"{'two':>10}{'one':>10}{'fastest':>13}")
    found = [show(gnnac, name, path, width) for name, path in graphs if path
             for width in widths.split(",")]
    for i, what in enumerate(("two launches", "one launch")):
        values = [f[i] for f in found if f and f[i]]
        if values:
            print(f"{what}: {geometric_mean(values):.3f}x the fastest, "
                  f"most {max(values):.3f}x, {len(values)} lines")
    sys.exit(None in found or any(path is None for _, path in graphs))


if __name__ == "__main__":
    main()
