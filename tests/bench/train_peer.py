#!/usr/bin/env python3
"""`gnnac train` beside an independent implementation in NumPy and SciPy.

usage: train_peer.py [--seeds N] [--model gcn|gin|sage] [--hidden N]
                     [--epochs N] [--weight-decay X] [--decay-layers N]
                     [--split auto|random] [--alike] GNNAC GRAPH.npz

Both train two layers with the same split, dropout 0.5, Adam and normalized
rows, and keep the weights of the best validation accuracy. Initial weights and
masks differ, so means over the seeds are compared. GRAPH.feat.npz holds
features, labels and perhaps a split. Prints a line a seed and the difference of
the means; exit status 1 where it is a percentage point or more.

With --alike NumPy begins with gnnac's weights and drops what gnnac drops, in
float64, so that roundings alone are between the two. Prints for every seed by
how much losses and weights differ in the end; exit status 1 where a weight
differs by 1e-4.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import scipy.sparse as sp

BITS = (1 << 64) - 1
DROPOUT, RATE = 0.5, 0.01


# ---- data -------------------------------------------------------------------

def mix(z):
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & BITS
    z = (z ^ z >> 27) * 0x94d049bb133111eb & BITS
    return z ^ z >> 31


def draw(seed, index):
    """SplitMix64's number `index`, or those of an array of uint64."""
    return mix((mix(seed) + (index + 1) * 0x9e3779b97f4a7c15) & BITS)


def below(seed, index, n):
    return draw(seed, index) * n >> 64


def draw_split(labels, seed):
    """60 : 20 : 20 of the labelled nodes, as gnnac draws it."""
    nodes = np.flatnonzero(labels >= 0).tolist()
    for i in range(len(nodes) - 1, 0, -1):
        j = below(seed, i, i + 1)
        nodes[i], nodes[j] = nodes[j], nodes[i]
    a, b = len(nodes) * 6 // 10, len(nodes) * 2 // 10
    return [np.array(p) for p in (nodes[:a], nodes[a:a + b], nodes[a + b:])]


class Data:
    def __init__(self, path):
        graph = np.load(path)
        data = np.load(path[:-4] + ".feat.npz")
        n = int(graph["num_nodes"])
        ones = np.ones(len(graph["src_li"]), np.float32)
        self.adjacency = sp.csr_matrix(
            (ones, (graph["dst_li"], graph["src_li"])), (n, n))
        x = sp.csr_matrix((data["x_data"].astype(np.float32),
                           data["x_indices"], data["x_indptr"]),
                          data["x_shape"])
        sums = np.asarray(x.sum(1)).ravel()
        sums[sums == 0] = 1
        self.x = (sp.diags(1 / sums) @ x).tocsr().astype(np.float32)
        self.labels = data["y"].astype(int)
        self.classes = int(data["num_classes"])
        self.split = [data[k] for k in ("train_idx", "val_idx", "test_idx")] \
            if "train_idx" in data else None

    def operator(self, model):
        """What a layer multiplies with, whatever its weight."""
        a, n = self.adjacency, self.adjacency.shape[0]
        if model == "gcn":
            a = a - sp.diags(a.diagonal()) + sp.eye(n)
            d = sp.diags(1 / np.sqrt(np.asarray(a.sum(1)).ravel()))
            return (d @ a @ d).tocsr().astype(np.float32)
        if model == "gin":
            return (a + sp.eye(n)).tocsr().astype(np.float32)
        degree = np.maximum(np.asarray(a.sum(1)).ravel(), 1)
        return (sp.diags(1 / degree) @ a).tocsr().astype(np.float32)


# ---- network ----------------------------------------------------------------

def chance(rng):
    """Which elements of a layer's input, of so many columns, are kept."""
    return lambda _, rows, cols, width: \
        rng.random(np.broadcast(rows, cols).shape) >= DROPOUT


def as_gnnac(seed, step):
    """The same that gnnac keeps in that step (runtime/cpu/cpu_dropout.c): 16
    bits of a draw each; every row begins with a draw of its own."""
    def kept(layer, rows, cols, width):
        rows, cols = rows.astype(np.uint64), cols.astype(np.uint64)
        first = rows * np.uint64((width + 3) // 4)
        bits = draw(draw(draw(seed, step), layer), first + cols // np.uint64(4))
        bits = bits >> (cols % np.uint64(4) * np.uint64(16)) & np.uint64(0xffff)
        return bits >= round(DROPOUT * 65536)
    return kept


def dropped(x, layer, keep):
    """(x after dropout, what a gradient is multiplied with)"""
    rows, width = np.arange(x.shape[0]), x.shape[1]
    if sp.issparse(x):
        y = x.copy()
        rows = np.repeat(rows, np.diff(x.indptr))
        y.data = y.data * keep(layer, rows, x.indices, width) / (1 - DROPOUT)
        return y.astype(x.dtype), None
    kept = keep(layer, rows[:, None], np.arange(width), width)
    mask = (kept / (1 - DROPOUT)).astype(x.dtype)
    return x * mask, mask


class Network:
    """Two layers z = P x W + x U + b, U for sage alone; ReLU between."""

    def __init__(self, p, layers):
        self.p, self.pt, self.layers = p, p.T.tocsr(), layers

    def forward(self, x, keep=None):
        self.inputs, self.masks = [], []
        for i, (w, *u, b) in enumerate(self.layers):
            x, mask = dropped(x, i, keep) if keep else (x, None)
            self.inputs.append(x)
            self.masks.append(mask)
            z = self.p @ (x @ w) + b
            if u:
                z = z + x @ u[0]
            x = np.maximum(z, 0) if i + 1 < len(self.layers) else z
        z = x - x.max(1, keepdims=True)
        return z - np.log(np.exp(z).sum(1, keepdims=True))

    def backward(self, g):
        """Gradients of every parameter, layer by layer."""
        grads = [None] * len(self.layers)
        for i in reversed(range(len(self.layers))):
            w, *u, _ = self.layers[i]
            x, h = self.inputs[i], self.pt @ g
            grads[i] = [x.T @ h] + [x.T @ g for _ in u] + [g.sum(0)]
            if i:
                back = h @ w.T + sum(g @ v.T for v in u)
                g = back * self.masks[i] * (x > 0)
        return grads


def random_layers(widths, own, rng):
    layers = []
    for n_in, n_out in zip(widths, widths[1:]):
        limit = np.sqrt(6 / (n_in + n_out))
        drawn = [rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32)
                 for _ in range(1 + own)]
        layers.append(drawn + [np.zeros(n_out, np.float32)])
    return layers


class Adam:
    def __init__(self, layers, decay, decay_layers):
        self.state = [[(np.zeros_like(w), np.zeros_like(w)) for w in layer]
                      for layer in layers]
        self.decay, self.decay_layers, self.t = decay, decay_layers, 0

    def update(self, layers, grads):
        self.t += 1
        for i, layer in enumerate(layers):
            decay = self.decay * (not self.decay_layers or
                                  i < self.decay_layers)
            for w, g, (m, v) in zip(layer, grads[i], self.state[i]):
                g = g + decay * w
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                step = RATE * m / (1 - 0.9 ** self.t)
                w -= step / (np.sqrt(v / (1 - 0.999 ** self.t)) + 1e-8)


def score(y, labels, nodes):
    right = (y[nodes].argmax(1) == labels[nodes]).mean()
    return right, -y[nodes, labels[nodes]].mean()


def split_of(data, args, seed):
    if data.split is None or args.split == "random":
        return draw_split(data.labels, seed)
    return data.split


def epoch(net, adam, data, learn, keep):
    """The loss before the update."""
    y = net.forward(data.x, keep)
    g = np.zeros_like(y)
    g[learn] = np.exp(y[learn])
    g[learn, data.labels[learn]] -= 1
    adam.update(net.layers, net.backward(g / len(learn)))
    return score(y, data.labels, learn)[1]


def train(data, args, seed):
    rng = np.random.default_rng(seed)
    split = split_of(data, args, seed)
    net = Network(data.operator(args.model), random_layers(
        [data.x.shape[1], args.hidden, data.classes], args.model == "sage",
        rng))
    adam = Adam(net.layers, args.weight_decay, args.decay_layers)
    best, test = (-1, 0), 0
    for _ in range(args.epochs):
        epoch(net, adam, data, split[0], chance(rng))
        y = net.forward(data.x)
        accuracy, loss = score(y, data.labels, split[1])
        if (accuracy, -loss) > best:
            best = accuracy, -loss
            test = score(y, data.labels, split[2])[0]
    return test


def gnnac(args, seed, *more):
    done = subprocess.run(
        [args.gnnac, "train", args.graph, "--model", args.model, "--layers",
         "2", "--hidden", str(args.hidden), "--epochs", str(args.epochs),
         "--weight-decay", str(args.weight_decay), "--normalize", "rows",
         "--split", args.split, "--seed", str(seed), "--json", "-q"] +
        (["--decay-layers", str(args.decay_layers)] if args.decay_layers
         else []) + list(more),
        stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


# ---- alike ------------------------------------------------------------------

PARAMETERS = {"gcn": ("lin.weight", "bias"),
              "gin": ("nn.lins.0.weight", "nn.lins.0.bias"),
              "sage": ("lin_l.weight", "lin_r.weight", "lin_l.bias")}


def read_layers(path, model):
    """The parameters of a safetensors file, as a Network has them."""
    with open(path, "rb") as f:
        head = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        data = f.read()

    def tensor(layer, name):
        t = head[f"convs.{layer}.{name}"]
        begin, end = t["data_offsets"]
        return np.frombuffer(data[begin:end], "<f4") \
            .reshape(t["shape"]).T.astype(float)
    return [[tensor(i, name) for name in PARAMETERS[model]] for i in range(2)]


def difference(a, b):
    return max(abs(v - w).max() for x, y in zip(a, b) for v, w in zip(x, y))


def run_alike(data, args, seed):
    """The largest difference of a weight."""
    learn = split_of(data, args, seed)[0]
    with tempfile.TemporaryDirectory() as folder:
        begin, end = (os.path.join(folder, name) for name in ("begin", "end"))
        gnnac(args, seed, "--epochs", "1", "--lr", "1e-37", "--weight-decay",
              "0", "--keep", "last", "-o", begin)  # as good as not changed
        r = gnnac(args, seed, "--weights", begin, "--keep", "last", "-o", end)
        first, wanted = (read_layers(p, args.model) for p in (begin, end))
    net = Network(data.operator(args.model).astype(float), first)
    adam = Adam(net.layers, args.weight_decay, args.decay_layers)
    for step in range(args.epochs):
        loss = epoch(net, adam, data, learn, as_gnnac(seed, step))
    apart = difference(net.layers, wanted)
    print(f"seed {seed}: loss {r['train_loss']:.7f}, NumPy {loss:.7f}; weights "
          f"differ by at most {apart:.2g}", flush=True)
    return apart


# ---- both -------------------------------------------------------------------

def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--model", default="gcn")
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--decay-layers", type=int, default=0)
    parser.add_argument("--split", default="auto")
    parser.add_argument("--alike", action="store_true")
    parser.add_argument("gnnac")
    parser.add_argument("graph")
    return parser.parse_args()


def main():
    args = arguments()
    data = Data(args.graph)
    seeds = range(1, args.seeds + 1)
    if args.alike:
        data.x = data.x.astype(float)
        return int(max(run_alike(data, args, s) for s in seeds) >= 1e-4)
    ours, theirs = [], []
    for seed in seeds:
        r = gnnac(args, seed)
        ours.append(r["test_accuracy"])
        theirs.append(train(data, args, seed))
        print(f"seed {seed}: gnnac {ours[-1]:.4f} "
              f"({r['epoch_ms_median']:.2f} ms an epoch), NumPy "
              f"{theirs[-1]:.4f}", flush=True)
    apart = statistics.mean(ours) - statistics.mean(theirs)
    print(f"{args.graph} {args.model}: gnnac {statistics.mean(ours):.4f}, "
          f"NumPy {statistics.mean(theirs):.4f}, apart {100 * apart:+.2f} "
          "points")
    return 0 if abs(apart) < 0.01 else 1


if __name__ == "__main__":
    sys.exit(main())
