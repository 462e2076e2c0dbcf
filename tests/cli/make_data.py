#!/usr/bin/env python3
"""Features and labels for a graph whose communities are runs of nodes.

usage: make_data.py NODES CLASSES OUT.npz [dense] [split] [FAULT]

A row has a one in its class's column more often than in others. Rows are
sparse, or dense where the word is there; with `split` every fifth node is for
validation, every fourth of the rest for test. FAULT is one of the below.
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
    "short-mask": lambda m, n: m.update(masks(n), val_mask=bools([True])),
}


def main():
    nodes, classes, out, words = (int(sys.argv[1]), int(sys.argv[2]),
                                  sys.argv[3], sys.argv[4:])
    rows = list(rows_of(nodes, classes))
    members = (dense if "dense" in words else sparse)(rows, classes * COLUMNS)
    members["y"] = b.ints(*[v * classes // nodes for v in range(nodes)])
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
