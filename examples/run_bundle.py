#!/usr/bin/env python3
"""Loads a bundle and runs it, from Python.

    run_bundle.py cora.gcn.gnnb [weights.safetensors]

Features are made up; weights are random unless a file is given. Prints the
likeliest class of the first nodes.
"""
import sys

import gnnac
import numpy as np

bundle = gnnac.Bundle(sys.argv[1])
model = gnnac.Model(gnnac.Context(), bundle)  # a GPU if there is one
if len(sys.argv) > 2:
    model.load_weights(sys.argv[2])
else:
    model.init_weights(seed=1)
x = np.resize(np.arange(-8, 9, dtype="f4") / 8, (bundle.nodes, bundle.in_dim))
for v, row in enumerate(model.run(x)[:10]):
    print(f"node {v}: class {row.argmax()}, log-probability {row.max():.4f}")
