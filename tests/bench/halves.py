#!/usr/bin/env python3
"""The best kernel for rows of 16 bits beside that for the same rows of floats.

usage: halves.py GNNAC WIDTH[,WIDTH...] GRAPH...

Runs `gnnac bench GRAPH --dim WIDTH --dtype f16`, then bf16, and prints of each the
best time of floats, that of 16 bits, how many times as long the former is, the
latter's share of the roof, how many times as long cuSPARSE takes with the same 16
bits, and the kernel. The last lines are geometric means. GNNAC may be a command of
several words.
"""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roof import bench, geometric_mean, split  # noqa: E402

DTYPES = ("f16", "bf16")


def show(gnnac, graph, width, dtype):
    """The fastest row, or None."""
    out = bench(gnnac, graph, width, "--dtype", dtype)
    ours, _ = split(out["rows"]) if out else (None, None)
    if not ours or not ours["f32_ratio"]:
        return None
    print(f"{os.path.basename(graph).split('.')[0]:18}{width:>5}{dtype:>6}"
          f"{out['f32_us']:11.2f}{ours['median_us']:11.2f}"
          f"{ours['f32_ratio']:7.2f}x"
          f"{100 * (ours['of_roof'] or math.nan):8.1f}%"
          f"{ours['cusparse_ratio'] or math.nan:9.2f}x"
          f" {ours['kernel']} {ours['knobs']}", flush=True)
    return ours


def main():
    gnnac, widths, graphs = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    print(f"{'graph':18} cols  type     f32 us         us   ratio  of roof"
          "  cuSPARSE")
    missing = 0
    for dtype in DTYPES:
        rows = [show(gnnac, graph, width, dtype)
                for graph in graphs for width in widths]
        ratios = [row["f32_ratio"] for row in rows if row]
        missing += len(rows) - len(ratios)
        if ratios:
            print(f"{dtype}: {geometric_mean(ratios):.3f}x, "
                  f"least {min(ratios):.2f}x")
    sys.exit(missing > 0)


if __name__ == "__main__":
    main()
