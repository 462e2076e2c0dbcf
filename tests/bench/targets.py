#!/usr/bin/env python3
"""Sums over graphs of the sizes and skews that targets are set for.

usage: targets.py GNNAC FOLDER SECONDS WIDTH[,WIDTH...] [GRAPH...]

Generates the graphs below into FOLDER, then takes every width, and of it every
graph, those given last: what comes early is worth most, and nothing is begun
after so many seconds, which the end says. `gnnac bench` times the default rules'
points beside those of targets.lua. A line has

    the time of the best kernel without atomics, and what it reaches of the rate
        at which random rows of such a matrix arrive ("of roof"),
    how many times as long cuSPARSE's best way takes,
    how many times as long a row per warp takes, as in GE-SpMM: 32 lanes a row, a
        float each or two, the better of both; one edge at a time ("row/warp"),
        and four ("by four"). The slowest leave a race after two samples or
        more, so these are rougher than the rest,
    that kernel over the best with atomics ("ordered"): what it costs that results
        repeat; below 1 it is faster,
    how many times the row sums' matrix fits the L2 cache ("of L2": 2 is half).

After each width come the geometric means. GNNAC may be a command of several
words. Sizes are those of the data sets; edges lie otherwise: degrees of
"powerlaw" are skewed for the rows alone, of "rmat" for rows and neighbours, and
neither has the communities of the real graph. Where a size says "/4", so many
of the edges are left out, for generating and checking would take too long.
"""
import os
import shlex
import subprocess
import sys
import time

from roof import bench, geometric_mean, split

HERE = os.path.dirname(os.path.abspath(__file__))

# name, kind, nodes, edges: "L2" or "hubs" says for which target it counts.
GRAPHS = [
    ("arxiv", "L2", "rmat", 169343, 2315598),
    ("amazon", "L2", "powerlaw", 410236, 4878875),
    ("hubs_rmat", "hubs", "rmat", 262144, 8000000),
    ("hubs_powerlaw", "hubs", "powerlaw", 200000, 8000000),
    ("proteins/4", "L2", "powerlaw", 132534, 19780000),
    ("reddit/4", "L2", "powerlaw", 232965, 28653973),
    ("star", "hubs", "star", 100000, None),
]
L2_BYTES = {"H100": 50 << 20, "H200": 60 << 20, "A100": 40 << 20}


def generated(gnnac, folder, name, kind, nodes, edges):
    """The graph's file; None where it could not be made."""
    path = os.path.join(folder, name.replace("/", "_") + ".npy")
    command = [*shlex.split(gnnac), "generate", kind, "--nodes", str(nodes), "-q",
               "-o", path]
    if edges:
        command += ["--edges", str(edges)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{name}: {done.stderr.strip()}", flush=True)
        return None
    print(f"{name}: {kind}, {nodes} nodes, {edges or 'its'} edges, made in "
          f"{time.monotonic() - began:.1f} s", flush=True)
    return path


def knob(row, name):
    """What a row's point has; knobs that are off are not told."""
    values = dict(k.split("=") for k in row["knobs"].split() if "=" in k)
    return int(values.get(name, 0))


def is_row_per_warp(row, unroll):
    return row["kernel"] == "row_split" and knob(row, "dimWorker") == 32 and \
        knob(row, "edgeWorker") == 1 and knob(row, "vec") == 1 and \
        knob(row, "unroll") == unroll


def fastest(rows, suits):
    times = [r["median_us"] for r in rows if r["median_us"] and
             r["kernel"] != "cuSPARSE" and suits(r)]
    return min(times) if times else None


def ratio(a, b):
    return a / b if a and b else None


def cell(value, form):
    return f"{'-':>10}" if value is None else f"{format(value, form):>9}" + \
        ("%" if "%" in form else "x")


def of_l2(out):
    for name, size in L2_BYTES.items():
        if name in out["device"]:
            return size / (out["nodes"] * out["pitch"] * 4)
    return None


def timed(gnnac, path, width, seconds):
    try:
        return bench(gnnac, path, width, "--rules",
                     os.path.join(HERE, "targets.lua"), timeout=seconds)
    except subprocess.TimeoutExpired:
        print(f"{path} {width}: no end after {seconds:.0f} s", flush=True)
        return None


def adds_atomically(row):
    return knob(row, "combine") in (1, 2)


def show(gnnac, name, target, path, width, seconds):
    """A line, and its figures; None where nothing was timed."""
    out = timed(gnnac, path, width, seconds)
    rows = out["rows"] if out else []
    best = split([r for r in rows if not adds_atomically(r)])[0]
    if not best:
        return None
    found = {
        "target": target, "of_roof": best["of_roof"],
        "cusparse": best["cusparse_ratio"],
        "row_warp": ratio(fastest(rows, lambda r: is_row_per_warp(r, 1)),
                          best["median_us"]),
        "by_four": ratio(fastest(rows, lambda r: is_row_per_warp(r, 4)),
                         best["median_us"]),
        "ordered": ratio(best["median_us"],
                         fastest(rows, adds_atomically)),
    }
    share = found["of_roof"]
    print(f"{name:14}{width:>5}{best['median_us']:11.2f}"
          + (f"{100 * share:9.1f}%" if share else f"{'-':>10}")
          + cell(found["cusparse"], ".2f") + cell(found["row_warp"], ".2f")
          + cell(found["by_four"], ".2f") + cell(found["ordered"], ".3f")
          + cell(of_l2(out), ".2f") + f"  {best['kernel']} {best['knobs']}",
          flush=True)
    return found


def means(what, found):
    """The geometric means of some lines' figures."""
    def of(key, lines):
        return [f[key] for f in lines if f[key]]
    def said(name, values, form):
        return f"{name} {format(geometric_mean(values), form)} " \
            f"(least {format(min(values), form)})" if values else f"{name} -"
    l2 = [f for f in found if f["target"] == "L2"]
    hubs = [f for f in found if f["target"] == "hubs"]
    print(f"{what}: {len(found)} lines; " + "; ".join([
        said("of roof, L2's", of("of_roof", l2), ".3f"),
        said("cuSPARSE", of("cusparse", found), ".2f"),
        said("row/warp, hubs'", of("row_warp", hubs), ".2f"),
        said("by four, hubs'", of("by_four", hubs), ".2f"),
        said("ordered", of("ordered", found), ".3f") +
        (f", most {max(of('ordered', found)):.3f}" if of("ordered", found) else "")
    ]), flush=True)


def main():
    gnnac, folder, seconds, widths = sys.argv[1:5]
    end = time.monotonic() + float(seconds)
    graphs = [(name, target, generated(gnnac, folder, name, *rest))
              for name, target, *rest in GRAPHS]
    graphs += [(os.path.basename(g).split(".")[0], "given", g) for g in sys.argv[5:]]
    failed = sum(path is None for _, _, path in graphs)
    print(f"{'graph':14} cols         us   of roof  cuSPARSE  row/warp   by four"
          f"   ordered     of L2")
    every, left_out = [], 0
    for width in widths.split(","):
        found = []
        for name, target, path in graphs:
            if path and time.monotonic() > end:
                left_out += 1
            elif path:
                line = show(gnnac, name, target, path, width,
                            max(30, end - time.monotonic()))
                failed += line is None
                found += [line] if line else []
        if found:
            means(f"{width} columns", found)
        every += found
    if every:
        means("all", every)
    if left_out:
        print(f"{left_out} lines were left out: {seconds} seconds are over")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
