#!/usr/bin/env python3
"""`gnnac train` beside an independent implementation in NumPy and SciPy.

usage: train_peer.py [--seeds N] [--model gcn|gin|sage] [--hidden N]
                     [--epochs N] [--weight-decay X] [--decay-layers N]
                     [--split auto|random] GNNAC GRAPH.npz

Both train two layers with the same split, dropout 0.5, Adam and normalized
rows, and keep the weights of the best validation accuracy. Initial weights and
masks differ, so means over the seeds are compared. GRAPH.feat.npz holds
features, labels and perhaps a split. Prints a line a seed and the difference of
the means; exit status 1 where it is a percentage point or more.
"""
import argparse
import json
import statistics
import subprocess
import sys

import numpy as np
import scipy.sparse as sp

BITS = (1 << 64) - 1
DROPOUT, RATE = 0.5, 0.01


# ---- data -------------------------------------------------------------------

def mix(z):
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & BITS
    z = (z ^ z >> 27) * 0x94d049bb133111eb & BITS
    return z ^ z >> 31


def below(seed, index, n):
    """SplitMix64's number `index`, scaled to [0, n)."""
    z = mix((mix(seed) + (index + 1) * 0x9e3779b97f4a7c15) & BITS)
    return z * n >> 64


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

def dropped(x, rng):
    """(x after dropout, what a gradient is multiplied with)"""
    keep = 1 / (1 - DROPOUT)
    if sp.issparse(x):
        y = x.copy()
        y.data = y.data * ((rng.random(len(y.data)) >= DROPOUT) * keep)
        return y.astype(np.float32), None
    mask = ((rng.random(x.shape) >= DROPOUT) * keep).astype(np.float32)
    return x * mask, mask


class Network:
    """Two layers z = P x W + x U + b, U for sage alone; ReLU between."""

    def __init__(self, p, widths, own, rng):
        self.p, self.pt = p, p.T.tocsr()
        self.layers = []
        for n_in, n_out in zip(widths, widths[1:]):
            limit = np.sqrt(6 / (n_in + n_out))
            draw = [rng.uniform(-limit, limit, (n_in, n_out))
                    .astype(np.float32) for _ in range(1 + own)]
            self.layers.append(draw + [np.zeros(n_out, np.float32)])

    def forward(self, x, rng=None):
        self.inputs, self.masks = [], []
        for i, (w, *u, b) in enumerate(self.layers):
            x, mask = dropped(x, rng) if rng else (x, None)
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


def train(data, args, seed):
    rng = np.random.default_rng(seed)
    split = data.split
    if split is None or args.split == "random":
        split = draw_split(data.labels, seed)
    net = Network(data.operator(args.model),
                  [data.x.shape[1], args.hidden, data.classes],
                  args.model == "sage", rng)
    adam = Adam(net.layers, args.weight_decay, args.decay_layers)
    best, test = (-1, 0), 0
    learn = split[0]
    for _ in range(args.epochs):
        y = net.forward(data.x, rng)
        g = np.zeros_like(y)
        g[learn] = np.exp(y[learn])
        g[learn, data.labels[learn]] -= 1
        adam.update(net.layers, net.backward(g / len(learn)))
        y = net.forward(data.x)
        accuracy, loss = score(y, data.labels, split[1])
        if (accuracy, -loss) > best:
            best = accuracy, -loss
            test = score(y, data.labels, split[2])[0]
    return test


def gnnac(args, seed):
    done = subprocess.run(
        [args.gnnac, "train", args.graph, "--model", args.model, "--layers",
         "2", "--hidden", str(args.hidden), "--epochs", str(args.epochs),
         "--weight-decay", str(args.weight_decay), "--normalize", "rows",
         "--split", args.split, "--seed", str(seed), "--json", "-q"] +
        (["--decay-layers", str(args.decay_layers)] if args.decay_layers
         else []),
        stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--model", default="gcn")
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--decay-layers", type=int, default=0)
    parser.add_argument("--split", default="auto")
    parser.add_argument("gnnac")
    parser.add_argument("graph")
    return parser.parse_args()


def main():
    args = arguments()
    data = Data(args.graph)
    ours, theirs = [], []
    for seed in range(1, args.seeds + 1):
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
