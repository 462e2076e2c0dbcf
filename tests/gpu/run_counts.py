#!/usr/bin/env python3
"""Compares the work that kernels do with a table, as TAP.

usage: run_counts.py COUNT_WORK TEMPLATES TABLE

The table is counts.txt, or sectors.txt: what a software device counted of each
point on each graph. A test per family: no number may be worse than the table's.
Nothing is compared with hardware, and nothing here is a time. With UPDATE_COUNTS=1
in the environment the table is rewritten instead, and what moved is printed.

A graph is generated, or a file of the folder GNNAC_TEST_GRAPHS; rows of files that
are not there are skipped. Sums over files may move LIMIT times the least sectors.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from counts import COUNTS, ask, count  # noqa: E402

COLUMNS = ["least", *COUNTS]
LIMIT = 1.10
GRAPHS = os.environ.get("GNNAC_TEST_GRAPHS", "")


def read_table(path):
    """({(graph, point): numbers by column}, the comments at the top)."""
    table, comments = {}, []
    with open(path) as f:
        for line in f:
            if line.startswith("#"):
                comments.append(line)
            elif line.strip():
                words = line.split(None, len(COLUMNS) + 1)
                key = words[-2], words[-1].strip()
                table[key] = {c: int(w) if w != "-" else None
                              for c, w in zip(COLUMNS, words)}
    return table, comments


def path_of(graph):
    """What count_work calls it: a file, whole or a part, by its path."""
    return graph if ":" in graph else os.path.join(GRAPHS, graph)


def present(table):
    """Its keys but those of files that are not there, of which it tells."""
    missing = {graph for graph, _ in table if ":" not in graph and
               not os.path.exists(path_of(graph).split("@")[0])}
    for graph in sorted(missing):
        print("# %s is skipped: not in GNNAC_TEST_GRAPHS" % graph)
    return [key for key in table if key[0] not in missing]


def write_table(path, comments, table):
    with open(path, "w") as f:
        f.writelines(comments[:-1])
        f.write("#" + "".join("%10s" % c for c in COLUMNS)[1:] +
                "  graph, point\n")
        for (graph, point), row in table.items():
            f.write("".join("%10s" % ("-" if row[c] is None else row[c])
                            for c in COLUMNS) + "  %s %s\n" % (graph, point))


def worse(name, old, new):
    """Whether `new` is worse than the table's `old`, beyond the slack."""
    better, slack, _ = COUNTS[name]
    return new > old * (1 + slack) if better == "less" else \
        new < old * (1 - slack)


def settled(old, new):
    """`new`, but the old numbers where the difference means nothing."""
    slack = {c: COUNTS[c][1] if c in COUNTS else 0 for c in COLUMNS}
    return {c: old[c] if old[c] is not None and
            abs(new[c] - old[c]) <= slack[c] * old[c] else new[c]
            for c in COLUMNS}


def moved(old, new):
    """'NAME OLD -> NEW' of everything that differs by more than the slack."""
    new = settled(old, new)
    return ["%s %s -> %s" % (name, old[name], new[name])
            for name in COLUMNS if old[name] != new[name]]


def measure(program, templates, keys):
    """{(graph, point): numbers by column}."""
    found = {}
    names = {path_of(graph): graph for graph, _ in keys}
    for asked, launches in ask(program, templates,
                               [(path_of(graph), p) for graph, p in keys]):
        if "refused" not in asked:
            found[names[asked["graph"]], asked["point"]] = {
                "least": asked["least"], **count(launches)}
    return found


def faults(old, new):
    """What of a row is worse, as text."""
    if new is None:
        return ["refused by its template"]
    if None in old.values():
        return ["the table has no numbers yet"]
    return ["%s %d, the table has %d (%s)" % (n, new[n], old[n], COUNTS[n][2])
            for n in COUNTS if worse(n, old[n], new[n])]


def report(number, name, lines):
    print("%sok %d - %s" % ("not " if lines else "", number, name))
    for line in lines[:20]:
        print("# " + line)
    return bool(lines)


def compare(table, found):
    """Prints a test per family; the number of tests, and of failed ones."""
    families = list(dict.fromkeys(p.split()[0] for _, p in table))
    failed = 0
    for number, family in enumerate(families, 1):
        rows = [k for k in table if k[1].split()[0] == family]
        bad = ["%s %s: %s" % (*k, fault) for k in rows
               for fault in faults(table[k], found.get(k))]
        failed += report(number, "%s does no more work than it did" % family,
                         bad)
        better = sum(bool(moved(table[k], found[k])) for k in rows
                     if k in found)
        if better and not bad:
            print("# %d of %d rows moved; UPDATE_COUNTS=1 keeps them" %
                  (better, len(rows)))
    return len(families), failed


def planted_faults_are_found(table):
    """A row, each number made worse by a tenth and one: all must be found."""
    row = {n: 1000 for n in COUNTS}
    missed = []
    for name, (better, _, _) in COUNTS.items():
        by = 101 if better == "less" else -101
        if len(faults(row, {**row, name: row[name] + by})) != 1:
            missed.append(name + " may get worse")
    return missed if table else ["the table is empty"]


def slabs_spare_memory(table):
    """Where a family's best row by slabs reads as much as its best without."""
    least = {}
    for (graph, point), row in table.items():
        words = point.split()
        key = graph, words[0], words[1], "slab=" in point
        least[key] = min(row["dram"], least.get(key, row["dram"]))
    by_slabs = [key[:-1] for key in least if key[-1]]
    return ["%s %s %s: %d sectors by slabs, %d without" %
            (*key, least[(*key, True)], least[(*key, False)])
            for key in by_slabs
            if least[(*key, True)] >= .8 * least[(*key, False)]] \
        if by_slabs else ["no row has slabs"]


def slab_major_spares_memory(table):
    """Where slab-major x is read as much from memory as the same slabs of rows."""
    pairs = [(key, (key[0], key[1].replace(" x_slab=8", ""))) for key in table
             if " x_slab=8" in key[1]]
    return ["%s %s: %d sectors, %d by rows" %
            (*key, table[key]["dram"], table[rows]["dram"])
            for key, rows in pairs
            if table[key]["dram"] >= .8 * table[rows]["dram"]] \
        if pairs else ["no row has a slab-major x"]


def near_the_least(found):
    """Rows of files that move more than they may."""
    return ["%s %s: %.3f of the least" % (*key, row["sectors"] / row["least"])
            for key, row in found.items() if ":" not in key[0] and
            row["sectors"] > LIMIT * row["least"]]


def update(path, comments, table, keys, found):
    for key in keys:
        what = moved(table[key], found[key]) if key in found else \
            ["refused by its template, taken out"]
        if what:
            print("# %s %s: %s" % (*key, ", ".join(what)))
    kept = {key: settled(row, found[key]) if key in found else row
            for key, row in table.items() if key in found or key not in keys}
    write_table(path, comments, kept)


def main():
    program, templates, path = sys.argv[1:4]
    table, comments = read_table(path)
    keys = present(table)
    if not keys:
        print("1..0 # SKIP none of the table's graphs is in GNNAC_TEST_GRAPHS")
        return 0
    found = measure(program, templates, keys)
    if os.environ.get("UPDATE_COUNTS") == "1":
        update(path, comments, table, keys, found)
        table = read_table(path)[0]
    table = {key: row for key, row in table.items() if key in keys}
    tests, failed = compare(table, found)
    failed += report(tests + 1, "worse numbers are found out",
                     planted_faults_are_found(table))
    if any(":" not in graph for graph, _ in keys):
        failed += report(tests + 2, "sums of files move few more than the least",
                         near_the_least(found))
        tests += 2
    else:
        failed += report(tests + 2, "slabs that fit the L2 cache spare memory",
                         slabs_spare_memory(table))
        failed += report(tests + 3, "slab-major x spares memory where lines of "
                         "all rows exceed the L2 cache",
                         slab_major_spares_memory(table))
        tests += 3
    print("1..%d" % tests)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
