#!/usr/bin/env python3
"""What each order of the nodes does to one aggregation on a GPU.

usage: order_gain.py GNNAC FOLDER WIDTH[,WIDTH...] GRAPH...

Compiles a one-layer gin whose sum has WIDTH columns, for every graph, width and
order, and prints the tuner's time of the kernel chosen (in microseconds) beside
that in the given order, the best order, and what `auto` chose. FOLDER keeps
bundles and the database.
"""
import json
import math
import os
import subprocess
import sys

ORDERS = ["none", "rabbit", "rcm", "degree", "dbg", "hub", "community",
          "window", "auto"]


def compiled(gnnac, folder, graph, width, order):
    """The tuner's median in ns and the order taken; None where it fails."""
    done = subprocess.run(
        [gnnac, "compile", graph, "--model", "gin", "--layers", "1", "--dim",
         width, "--classes", width, "--reorder", order, "--db", folder,
         "-o", os.path.join(folder, "order.gnnb"), "--json"],
        capture_output=True, text=True, timeout=100)
    if done.returncode != 0:
        print(f"{graph} {order}: {done.stderr.strip()}", file=sys.stderr)
        return None
    out = json.loads(done.stdout)
    for choice in out["choices"]:
        if choice["kind"] == "aggregate" and choice["median_ns"]:
            return (choice["median_ns"],
                    (out["reorder"] or {}).get("method", "none"))
    return None


def survey(gnnac, folder, graph, width):
    times, taken = {}, {}
    for order in ORDERS:
        result = compiled(gnnac, folder, graph, width, order)
        if result:
            times[order], taken[order] = result
    if "none" not in times or "auto" not in times:
        return None
    best = min((o for o in times if o != "auto"), key=times.get)
    name = os.path.basename(graph).split(".")[0]
    print(f"{name:18} {width:>4} " +
          " ".join(f"{times[o] / 1e3:8.2f}" if o in times else f"{'-':>8}"
                   for o in ORDERS) + f"  best {best}, auto {taken['auto']}",
          flush=True)
    return times["none"] / times["auto"], times["auto"] / times[best]


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main():
    gnnac, folder, widths, graphs = (*sys.argv[1:4], sys.argv[4:])
    print(f"{'graph':18} cols " + " ".join(f"{o:>8}" for o in ORDERS))
    results = [survey(gnnac, folder, graph, width)
               for graph in graphs for width in widths.split(",")]
    results = [r for r in results if r]
    if results:
        print(f"auto over none {geometric_mean([r[0] for r in results]):.3f}x, "
              f"over the best {geometric_mean([r[1] for r in results]):.3f}x, "
              f"worst {max(r[1] for r in results):.2f}x, {len(results)} rows")


if __name__ == "__main__":
    main()
