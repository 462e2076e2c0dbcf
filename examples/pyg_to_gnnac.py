#!/usr/bin/env python3
"""From PyTorch Geometric to gnnac: trains a GCN, writes its weights, compiles
the network for the graph, runs it, and compares.

    pyg_to_gnnac.py [GRAPH.npz DATA.npz]

GRAPH.npz has src_li and dst_li, DATA.npz labels y and features x_shape, x_indptr,
x_indices, x_data; without them two rings are made up. Needs torch,
torch_geometric and safetensors.
"""
import sys
import tempfile

import gnnac
import numpy as np
import torch
from safetensors.torch import save_file
from torch_geometric.nn import GCNConv


def made_up():
    """edge_index, features, labels: two rings, features that tell little."""
    v = np.arange(400)
    ring = np.stack([v, v // 200 * 200 + (v + 1) % 200])
    label = v // 200
    x = np.random.default_rng(1).normal(size=(400, 8)) + label[:, None] * 0.5
    return np.hstack([ring, ring[::-1]]), x, label


def read(graph_file, data_file):
    """The same of real data, whose features are sparse rows."""
    graph, data = np.load(graph_file), np.load(data_file)
    x = np.zeros(data["x_shape"])
    rows = np.repeat(np.arange(len(x)), np.diff(data["x_indptr"]))
    x[rows, data["x_indices"]] = data["x_data"]
    return np.stack([graph["src_li"], graph["dst_li"]]), x, data["y"]


class Net(torch.nn.Module):
    def __init__(self, dim, classes):
        super().__init__()
        self.conv1, self.conv2 = GCNConv(dim, 16), GCNConv(16, classes)

    def forward(self, x, edge_index):
        h = self.conv1(x, edge_index).relu()
        return self.conv2(h, edge_index).log_softmax(dim=1)


edges, x, label = map(np.ascontiguousarray, read(*sys.argv[1:])
                      if len(sys.argv) > 2 else made_up())
edge_index, features = torch.tensor(edges), torch.tensor(x).float()
target, classes = torch.tensor(label).long(), int(label.max()) + 1

torch.manual_seed(1)
net = Net(x.shape[1], classes)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)
for _ in range(50):
    optimizer.zero_grad()
    loss = torch.nn.functional.nll_loss(net(features, edge_index), target)
    loss.backward()
    optimizer.step()

bundle = gnnac.compile(edge_index, "gcn", dim=x.shape[1], hidden=16,
                       classes=classes, num_nodes=len(x))
model = gnnac.Model(gnnac.Context(), bundle)
with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
    save_file(net.state_dict(), file.name)  # conv1.lin.weight, conv1.bias, ...
    model.load_weights(file.name)
ours = model.run(features.numpy())
theirs = net(features, edge_index).detach().numpy()
print(f"loss {loss.item():.3f}, largest difference "
      f"{np.abs(ours - theirs).max():.1e}, same class for "
      f"{(ours.argmax(1) == theirs.argmax(1)).mean():.2%} of {len(x)} nodes")
