#!/usr/bin/env python3
"""What feature slabs and cache hints gain where rows exceed the L2 cache.

usage: slabs.py GNNAC WIDTH[,WIDTH...] GRAPH...

Runs `gnnac bench GRAPH --dim WIDTH --rules exhaustive#every_slab`, so that the default
rules' kernels and those by slabs are timed in one run, and prints the best time of each
kind: whole rows without hints, with hints 1 and 2; slabs without, with hints 1 and 2.
The last line is a geometric mean: whole rows over the best by slabs. GNNAC may be a
command of several words.
"""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roof import bench, geometric_mean  # noqa: E402

KINDS = [(slabs, hints) for slabs in (False, True) for hints in (0, 1, 2)]


def knobs_of(row):
    return {name: int(value) for name, value in
            (word.split("=") for word in row["knobs"].split())}


def by_slabs(row, width):
    """Whether it sums at most 256 bytes of a wider row at a time."""
    knobs = knobs_of(row)
    if row["kernel"] != "row_split":
        return knobs.get("slab", 0) > 0
    lane = knobs["vec"] * knobs["coarsen"]
    return 4 * knobs["dimWorker"] * lane <= min(256, 2 * int(width))


def best_of_kinds(rows, width):
    best = {}
    for row in rows:
        if row["median_us"] and row["kernel"] != "cuSPARSE":
            kind = by_slabs(row, width), knobs_of(row).get("hints", 0)
            if kind not in best or row["median_us"] < best[kind]["median_us"]:
                best[kind] = row
    return best


def show(gnnac, graph, width):
    """Whole rows' time over slabs', or None."""
    out = bench(gnnac, graph, width, "--rules", "exhaustive#every_slab")
    best = best_of_kinds(out["rows"], width) if out else {}
    times = [best[k]["median_us"] if k in best else math.nan for k in KINDS]
    whole = [t for t in times[:3] if t > 0]
    slabs = [t for t in times[3:] if t > 0]
    if not whole or not slabs:
        return None
    winner = min(best.values(), key=lambda row: row["median_us"])
    print(f"{os.path.basename(graph).split('.')[0]:18}{width:>5}"
          f"{out['nodes'] * out['pitch'] * 4 / 1e6:8.0f}" +
          "".join(f"{t:10.1f}" for t in times) +
          f"{min(whole) / min(slabs):7.2f}x"
          f" {winner['kernel']} {winner['knobs']}", flush=True)
    return min(whole) / min(slabs)


def main():
    gnnac, widths, graphs = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    print(f"{'graph':18} cols  x in MB" +
          "".join(f"{'slabs' if s else 'rows':>8} {h}" for s, h in KINDS) +
          "   gain")
    gains = [show(gnnac, graph, width) for graph in graphs for width in widths]
    found = [gain for gain in gains if gain]
    if found:
        print(f"{geometric_mean(found):.3f}x, {len(found)} rows")
    sys.exit(len(found) < len(gains))


if __name__ == "__main__":
    main()
