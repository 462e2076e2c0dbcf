#!/usr/bin/env python3
"""The best kernel of each graph and width, beside the GPU's limit and cuSPARSE.

usage: roof.py GNNAC WIDTH[,WIDTH...] GRAPH...

Runs `gnnac bench GRAPH --dim WIDTH` for each and prints the fastest kernel: its
time, its share of the rate at which random rows of such a matrix arrive, how
many times as long the best way of cuSPARSE takes, and that way. The last lines
are geometric means. GNNAC may be a command of several words.
"""
import json
import math
import os
import shlex
import subprocess
import sys


def bench(gnnac, graph, width, *more, timeout=280):
    done = subprocess.run(
        [*shlex.split(gnnac), "bench", graph, "--dim", width, "--json", *more],
        capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        print(f"{graph} {width}: {done.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def split(rows):
    """(ours, cuSPARSE's), each the fastest; None where nothing was timed."""
    timed = [r for r in rows if r["median_us"]]
    ours = [r for r in timed if r["kernel"] != "cuSPARSE"]
    theirs = [r for r in timed if r["kernel"] == "cuSPARSE"]
    return ours[0] if ours else None, theirs[0] if theirs else None


def show(gnnac, graph, width):
    out = bench(gnnac, graph, width)
    ours, theirs = split(out["rows"]) if out else (None, None)
    if not ours:
        return None
    print(f"{os.path.basename(graph).split('.')[0]:18}{width:>5}"
          f"{out['roof_gb_s']:9.0f}{ours['median_us']:11.2f}"
          f"{100 * ours['of_roof']:8.1f}%"
          f"{ours['cusparse_ratio'] or math.nan:9.2f}x"
          f" {theirs['knobs'] if theirs else out['no_cusparse'] or '-':9}"
          f" {ours['kernel']} {ours['knobs']}", flush=True)
    return ours


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def main():
    gnnac, widths, graphs = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    print(f"{'graph':18} cols roof GB/s        us of roof   cuSPARSE")
    best = [show(gnnac, graph, width) for graph in graphs for width in widths]
    found = [b for b in best if b]
    ratios = [b["cusparse_ratio"] for b in found if b["cusparse_ratio"]]
    if found:
        print(f"{100 * geometric_mean([b['of_roof'] for b in found]):.1f}% of "
              f"the roof, {len(found)} rows")
    if ratios:
        print(f"{geometric_mean(ratios):.3f}x, least {min(ratios):.2f}x")
    sys.exit(len(found) < len(best))


if __name__ == "__main__":
    main()
