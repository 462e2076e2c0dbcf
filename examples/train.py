#!/usr/bin/env python3
"""Trains a GCN to tell two rings of nodes apart: usage: train.py"""
import gnnac
import numpy as np

n = 200  # two rings of 100 nodes, features that tell little
v = np.arange(n)
edges = np.stack([v, v // 100 * 100 + (v + 1) % 100])
edges = np.concatenate([edges, edges[::-1]], axis=1)
labels = (v // 100).astype(np.int32)
rng = np.random.default_rng(1)
x = (rng.normal(size=(n, 8)) + labels[:, None] * 0.5).astype(np.float32)
bundle = gnnac.compile(edges, model="gcn", dim=8, hidden=16, classes=2)
model = gnnac.Model(gnnac.Context("cpu"), bundle)
model.init_weights(seed=1)
trainer = gnnac.Trainer(model, x, weight_decay=5e-4, dropout=0.5, seed=1)
for _ in range(100):
    loss = trainer.step(labels, np.arange(0, n, 4, dtype=np.int32))
right = (trainer.predict().argmax(1) == labels)[v % 4 != 0]
print(f"loss {loss:.3f}, accuracy {right.mean():.3f}")
