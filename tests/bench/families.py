#!/usr/bin/env python3
"""Which kernel family sums fastest on a GPU, and what cuSPARSE needs.

usage: families.py GNNAC FOLDER WIDTH[,WIDTH...] GRAPH...

For every graph and width: one sum over the in-neighbours, by the best point of
each family (rules `exhaustive`, a one-layer gin) and by cuSPARSE at its
default algorithm, in microseconds; then the best point. The last lines say how
often each family is the best, and by how much the best of the others is slower
there. cuSPARSE does the bare sum; the kernels also add the row's own term and
the bias. It is left out where peers.py cannot run. GNNAC may be a command of
several words. FOLDER keeps the database with all times.
"""
import json
import math
import os
import shlex
import sqlite3
import subprocess
import sys

try:
    import peers
except ImportError as e:
    print(f"no cuSPARSE: {e}", file=sys.stderr)
    peers = None

FAMILIES = ["row_split", "neighbor_group", "edge_balanced", "hybrid",
            "tile_mma", "narrow"]

# The newest run of a question.
TIMES = """
SELECT variant.family, min(median_ns), variant.knobs
FROM measurement JOIN variant ON variant.id = measurement.variant
WHERE status = 'ok' AND median_ns IS NOT NULL AND run = (
    SELECT max(run.id) FROM run
    JOIN graph ON graph.id = run.graph JOIN op ON op.id = run.op
    WHERE graph.text = ? AND op.text LIKE 'v1 aggregate % dim=' || ? || ' %')
GROUP BY variant.family
"""


def compiled(gnnac, folder, graph, width):
    """What the compiler says of one sum; None where it fails."""
    done = subprocess.run(
        [*shlex.split(gnnac), "compile", graph, "--model", "gin", "--layers", "1", "--dim",
         width, "--classes", width, "--rules", "exhaustive", "--db", folder,
         "-o", os.path.join(folder, "family.gnnb"), "--json"],
        capture_output=True, text=True, timeout=280)
    if done.returncode != 0:
        print(f"{graph} {width}: {done.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def family_times(folder, fingerprint, width):
    """family -> (its best time in us, that point's knobs)."""
    db = sqlite3.connect(os.path.join(folder, "tune.db"))
    rows = db.execute(TIMES, (fingerprint, width)).fetchall()
    db.close()
    return {family: (ns / 1e3, knobs) for family, ns, knobs in rows}


def cusparse_us(folder, width):
    if not peers:
        return None
    path = os.path.join(folder, "family.gnnb")
    graph = peers.read_graph(path, peers.read_manifest(path))
    return peers.cusparse_us(graph["adj"], int(width))


def cell(us):
    return f"{us:15.2f}" if us else f"{'-':>15}"


def survey(gnnac, folder, graph, width):
    out = compiled(gnnac, folder, graph, width)
    times = family_times(folder, out["fingerprint"], width) if out else {}
    if not times:
        return None
    best = min(times, key=times.get)
    cusparse = cusparse_us(folder, width)
    print(f"{os.path.basename(graph).split('.')[0]:18} {width:>4}" +
          cell(cusparse) +
          "".join(cell(times.get(f, [None])[0]) for f in FAMILIES) +
          f"  {best} {times[best][1]}", flush=True)
    return cusparse, {family: us for family, (us, _) in times.items()}


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def summary(results):
    gains = [cusparse / min(t.values()) for cusparse, t in results if cusparse]
    if gains:
        print(f"cuSPARSE over the best: {geometric_mean(gains):.3f}x, "
              f"least {min(gains):.2f}x, {len(gains)} rows")
    for family in FAMILIES:
        rest = [min(us for f, us in t.items() if f != family) / t[family]
                for _, t in results if family in t and len(t) > 1]
        won = [r for r in rest if r > 1]
        print(f"{family}: best in {len(won)} of {len(rest)} rows" +
              (f", the others {geometric_mean(won):.3f}x there, at most "
               f"{max(won):.2f}x" if won else ""))


def main():
    gnnac, folder, widths, graphs = (*sys.argv[1:4], sys.argv[4:])
    print(f"{'graph':18} cols" + "".join(
        f"{name:>15}" for name in ["cuSPARSE", *FAMILIES]))
    results = [survey(gnnac, folder, graph, width)
               for graph in graphs for width in widths.split(",")]
    if None in results:
        print(f"{results.count(None)} rows are missing")
    summary([r for r in results if r])
    sys.exit(None in results)


if __name__ == "__main__":
    main()
