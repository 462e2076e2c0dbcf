#!/usr/bin/env python3
"""Test accuracy of `gnnac train` over many seeds.

usage: train_accuracy.py [--seeds N] [--least ACCURACY] GNNAC GRAPH.npz
                         [OPTION...]

Options behind the graph are those of `gnnac train`; without any it is
`--protocol kipf`. Features, labels and split lie in GRAPH.feat.npz. Seeds 1 to
N (10) decide weights, dropout, and the split where the data has none. Prints a
line a seed, then mean, standard deviation, least, and the median of the epochs'
medians. With --least the exit status is 1 where the mean is below it.
"""
import argparse
import json
import statistics
import subprocess
import sys


def train(gnnac, graph, options, seed):
    done = subprocess.run(
        [gnnac, "train", graph, "--json", "-q", "--seed", str(seed)] + options,
        stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--least", type=float, default=0)
    parser.add_argument("gnnac")
    parser.add_argument("graph")
    return parser.parse_known_args()


def main():
    args, options = arguments()
    options = options or ["--protocol", "kipf"]
    accuracy, times = [], []
    for seed in range(1, args.seeds + 1):
        r = train(args.gnnac, args.graph, options, seed)
        accuracy.append(r["test_accuracy"])
        times.append(r["epoch_ms_median"])
        print(f"seed {seed}: test {r['test_accuracy']:.4f}, best validation "
              f"{r['best_val_accuracy']:.4f} in epoch {r['best_epoch']} of "
              f"{r['epochs']}, {r['epoch_ms_median']:.3f} ms an epoch",
              flush=True)
    mean = statistics.mean(accuracy)
    print(f"{args.graph} {' '.join(options)}: mean {mean:.4f}, standard "
          f"deviation {statistics.pstdev(accuracy):.4f}, least "
          f"{min(accuracy):.4f}, {statistics.median(times):.3f} ms an epoch")
    return 0 if mean >= args.least else 1


if __name__ == "__main__":
    sys.exit(main())
