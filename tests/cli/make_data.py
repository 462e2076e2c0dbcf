#!/usr/bin/env python3
"""Features and labels for a graph whose communities are runs of nodes.

usage: make_data.py NODES CLASSES OUT.npz [dense] [split] [many] [FAULT]

A row has a one in its class's column more often than in others. Rows are
sparse, or dense where the word is there; with `split` every fifth node is for
validation, every fourth of the rest for test. With `many` a node has the next
class, too: labels are a matrix of 0 and 1 (`bools`, `floats`: as such;
`columns`: column by column). FAULT is one of the below.
"""
import random
import struct
import sys

import bytes_of as b

COLUMNS = 4  # of a class


def rows_of(nodes, classes):
    draw = random.Random(1)
    for v in range(nodes):
        label = v * classes // nodes
        yield [c for c in range(classes * COLUMNS)
               if draw.random() < (0.4 if c // COLUMNS == label else 0.1)]


def sparse(rows, dim):
    ends = [0]
    for row in rows:
        ends.append(ends[-1] + len(row))
    flat = [c for row in rows for c in row]
    ones = b.npy("|u1", "(%d,)" % len(flat), b"\1" * len(flat))
    return {"x_indptr": b.ints(*ends), "x_indices": b.ints(*flat),
            "x_data": ones, "x_shape": b.ints(len(rows), dim)}


def dense(rows, dim):
    cells = [float(c in row) for row in rows for c in range(dim)]
    return {"x": b.floats(len(rows), dim, cells)}


def split(nodes):
    val = [v for v in range(nodes) if v % 5 == 0]
    rest = [v for v in range(nodes) if v % 5]
    return {"train_idx": b.ints(*[v for v in rest if v % 4]),
            "val_idx": b.ints(*val),
            "test_idx": b.ints(*[v for v in rest if v % 4 == 0])}


def bools(values):
    return b.npy("|b1", "(%d,)" % len(values),
                 struct.pack("<%d?" % len(values), *values))


def masks(nodes):
    return {"train_mask": bools([v % 5 and v % 4 for v in range(nodes)]),
            "val_mask": bools([v % 5 == 0 for v in range(nodes)]),
            "test_mask": bools([v % 5 and v % 4 == 0 for v in range(nodes)])}


def matrix(nodes, classes, words):
    """A node has the class of its run and the one after it."""
    def has(v, c):
        return (c - v * classes // nodes) % classes < min(2, classes - 1)
    cells = [has(v, c) for v in range(nodes) for c in range(classes)]
    if "floats" in words:
        return b.floats(nodes, classes, cells)
    if "columns" not in words:
        return b.npy("|b1" if "bools" in words else "|u1",
                     "(%d, %d)" % (nodes, classes), bytes(cells))
    cells = bytes(has(v, c) for c in range(classes) for v in range(nodes))
    header = "{'descr': '|u1', 'fortran_order': True, 'shape': (%d, %d), }"
    return b.npy("", "", cells, header=header % (nodes, classes))


FAULTS = {
    "few-labels": lambda m, n: m.update(y=b.ints(*[0] * (n - 1))),
    "bad-label": lambda m, n: m.update(y=b.ints(*[-2] * n)),
    "few-classes": lambda m, n: m.update(num_classes=b.scalar(1)),
    "no-labels": lambda m, n: m.pop("y"),
    "no-features": lambda m, n: m.pop("x_indptr"),
    "bad-column": lambda m, n: m.update(x_shape=b.ints(n, 2)),
    "bad-rows": lambda m, n: m.update(x_indptr=b.ints(5, *[5] * n)),
    "unlabelled": lambda m, n: m.update(split(n), y=b.ints(*[-1] * n),
                                        num_classes=b.scalar(4)),
    "outside": lambda m, n: m.update(split(n), val_idx=b.ints(n)),
    "no-train": lambda m, n: m.update(split(n), train_idx=b.ints()),
    "label-2": lambda m, n: m.update(y=b.floats(n, 3, [0, 1, 2] * n)),
    "half-label": lambda m, n: m.update(y=b.floats(n, 1, [0.5] * n)),
    "few-label-rows": lambda m, n: m.update(y=b.floats(n - 1, 2, [1] *
                                                       (2 * n - 2))),
    "no-label-columns": lambda m, n: m.update(y=b.floats(n, 0, [])),
    "label-cube": lambda m, n: m.update(
        y=b.npy("|u1", "(%d, 1, 2)" % n, b"\1" * (2 * n))),
    "more-classes": lambda m, n: m.update(num_classes=b.scalar(9)),
    "short-mask": lambda m, n: m.update(masks(n), val_mask=bools([True])),
}


def main():
    nodes, classes, out, words = (int(sys.argv[1]), int(sys.argv[2]),
                                  sys.argv[3], sys.argv[4:])
    rows = list(rows_of(nodes, classes))
    members = (dense if "dense" in words else sparse)(rows, classes * COLUMNS)
    members["y"] = b.ints(*[v * classes // nodes for v in range(nodes)])
    if "many" in words:
        members["y"] = matrix(nodes, classes, words)
    if "split" in words:
        members.update(split(nodes))
    if "masks" in words:
        members.update(masks(nodes))
    for word in words:
        if word in FAULTS:
            FAULTS[word](members, nodes)
    with open(out, "wb") as f:
        f.write(b.npz(**members))


if __name__ == "__main__":
    main()
