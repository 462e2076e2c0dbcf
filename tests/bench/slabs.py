#!/usr/bin/env python3
"""What feature slabs and cache hints gain where rows exceed the L2 cache.

usage: slabs.py GNNAC WIDTH[,WIDTH...] GRAPH...

Runs `gnnac bench GRAPH --dim WIDTH --rules exhaustive#every_slab`, so that the default
rules' kernels and those by slabs are timed in one run, then `--slab-major` 32 and 64 with
`exhaustive#every_slab_major`, where x lies slab after slab. Prints the best time of each
kind: whole rows without hints, with hints 1 and 2; slabs of rows so; slab-major x by 32
and by 64 bytes. Then, behind one another, whole rows over the best by slabs of rows, and
the best of both over slab-major; the last line has geometric means. Every kernel is
compared with float64 before it is timed. GNNAC may be a command of several words.
"""
import math
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roof import bench, geometric_mean  # noqa: E402

KINDS = [(slabs, hints) for slabs in (False, True) for hints in (0, 1, 2)]
MAJOR = ("32", "64")  # bytes of a slab


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


def timed(gnnac, graph, width, *more):
    """What bench says; None where it failed or took too long."""
    try:
        return bench(gnnac, graph, width, *more, timeout=540)
    except subprocess.TimeoutExpired:
        print(f"{graph} {width} {' '.join(more)}: not ready in time", file=sys.stderr)
        return None


def best_slab_major(gnnac, graph, width, slab):
    """The fastest row; None where none was timed."""
    out = timed(gnnac, graph, width, "--slab-major", slab, "--rules",
                "exhaustive#every_slab_major")
    rows = [row for row in out["rows"] if row["median_us"] and
            row["kernel"] != "cuSPARSE"] if out else []
    return min(rows, key=lambda row: row["median_us"], default=None)


def show(gnnac, graph, width):
    """Whole rows' time over slabs', and the best of both over slab-major; or None."""
    out = timed(gnnac, graph, width, "--rules", "exhaustive#every_slab")
    best = best_of_kinds(out["rows"], width) if out else {}
    times = [best[k]["median_us"] if k in best else math.nan for k in KINDS]
    whole = [t for t in times[:3] if t > 0]
    slabs = [t for t in times[3:] if t > 0]
    major = [best_slab_major(gnnac, graph, width, slab) for slab in MAJOR]
    if not whole or not all(major):
        return None
    times += [row["median_us"] for row in major]
    rows = min(whole + slabs)
    gains = min(whole) / min(slabs or whole), rows / min(times[-2:])
    winner = min([*best.values(), *major], key=lambda row: row["median_us"])
    print(f"{os.path.basename(graph).split('.')[0]:18}{width:>5}"
          f"{out['nodes'] * out['pitch'] * 4 / 1e6:8.0f}" +
          "".join(f"{t:10.1f}" for t in times) +
          "".join(f"{gain:7.2f}x" for gain in gains) +
          f" {winner['kernel']} {winner['knobs']}", flush=True)
    return gains


def main():
    gnnac, widths, graphs = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    print(f"{'graph':18} cols  x in MB" +
          "".join(f"{'slabs' if s else 'rows':>8} {h}" for s, h in KINDS) +
          "".join(f"{'major':>7} {m}" for m in MAJOR) + "   slabs   major",
          flush=True)
    gains = [show(gnnac, graph, width) for graph in graphs for width in widths]
    found = [gain for gain in gains if gain]
    if found:
        means = [geometric_mean(column) for column in zip(*found)]
        print(f"slabs {means[0]:.3f}x, slab-major {means[1]:.3f}x, "
              f"{len(found)} rows")
    sys.exit(len(found) < len(gains))


if __name__ == "__main__":
    main()
