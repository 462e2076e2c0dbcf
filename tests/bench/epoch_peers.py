#!/usr/bin/env python3
"""Times an epoch of training, and says how much memory it takes, side by side
with its peers on the same GPU.

usage: epoch_peers.py GNNAC LIBGNNAC BUNDLE...

The bundles are made with --train. An epoch is GNNAdvisor's: clear the gradients,
forward, loss over all nodes, backward, Adam; the mean of 200 after 10. gnnac's is
what `bench --protocol gnnadvisor` says; the peers are PyTorch Geometric on an
edge list, the same under torch.compile, and on a sparse CSR matrix (cuSPARSE),
all in float32 with TF32 off. First all run a few steps from the same weights: a
peer or a bundle whose losses are not PyTorch Geometric's is not timed.

Peak memory: of gnnac what the driver has less after some steps than before the
model, code, cuBLAS and all; of a peer the most that its tensors take at a time,
edges and features included (torch.cuda.max_memory_allocated), without code or
what PyTorch's allocator holds beside them. Nothing else may use the GPU.
"""
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings

N_EPOCHS, N_WARM_UP, N_CHECKED = 200, 10, 5
LR, WEIGHT_DECAY = 0.01, 5e-4
# Of the first loss, and of later ones: Adam's first steps follow the gradients'
# signs, which roundings turn where a gradient is nearly 0.
TOLERANCE, LATER_TOLERANCE = 1e-4, 0.02


def free_bytes():
    gc.collect()
    torch.cuda.synchronize()
    return torch.cuda.mem_get_info()[0]


def run_gnnac(bundle, weights, x, labels):
    """(losses of the first steps, bytes on the device)"""
    import gnnac
    before = free_bytes()
    model = gnnac.Model(gnnac.Context("cuda:0"), gnnac.Bundle(bundle))
    model.load_weights(weights)
    with gnnac.Trainer(model, x, lr=LR, weight_decay=WEIGHT_DECAY) as trainer:
        nodes = numpy.arange(len(labels), dtype=numpy.int32)
        losses = [trainer.step(labels, nodes) for _ in range(N_CHECKED)]
        return losses, before - free_bytes()


class Peer:
    """PyTorch Geometric's network on `edges` from the given weights."""

    def __init__(self, manifest, state, edges, x, labels, compiled=False):
        self.model = peers.PyG(manifest["model"]).cuda()
        self.model.load_state_dict(state)
        self.forward = torch.compile(self.model) if compiled else self.model
        self.edges, self.x = edges, torch.from_numpy(x).cuda()
        self.labels = torch.from_numpy(labels).long().cuda()
        trained = [p for name, p in self.model.named_parameters()
                   if not name.endswith("eps")]
        self.adam = torch.optim.Adam(trained, lr=LR,
                                     weight_decay=WEIGHT_DECAY)

    def step(self):
        self.adam.zero_grad()
        out = self.forward(self.x, self.edges)
        loss = torch.nn.functional.nll_loss(out, self.labels)
        loss.backward()
        self.adam.step()
        return loss

    def epoch_ms(self):
        for _ in range(N_WARM_UP):
            self.step()
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(N_EPOCHS):
            self.step()
        torch.cuda.synchronize()
        return (time.perf_counter() - begin) / N_EPOCHS * 1e3


def agree(a, b):
    return all(abs(x - y) <= (LATER_TOLERANCE if i else TOLERANCE) * abs(y)
               for i, (x, y) in enumerate(zip(a, b)))


def row(name, got, base=None):
    """`got` and `base`: (ms, bytes)"""
    ratios = [f"{a / b:8.2f}x" for a, b in zip(got, base)] if base \
        else [" " * 9] * 2
    ms, taken = got
    print(f"    {name:34}{ms:10.3f} ms{ratios[0]}"
          f"{taken / 2 ** 20:10.1f} MiB{ratios[1]}".rstrip(), flush=True)


def tensor_bytes(t):
    parts = [t] if t.layout == torch.strided else \
        [t.crow_indices(), t.col_indices(), t.values()]
    return sum(p.numel() * p.element_size() for p in parts)


def try_peer(name, edges, make, wanted, base):
    """Errors are said, not hidden."""
    try:
        free_bytes()  # what earlier peers held is gone
        before = torch.cuda.memory_allocated() - tensor_bytes(edges)
        torch.cuda.reset_peak_memory_stats()
        peer = make(edges)
        if not agree([peer.step().item() for _ in wanted], wanted):
            print(f"    {name:34} other losses: not timed")
        else:
            ms = peer.epoch_ms()
            row(name, (ms, torch.cuda.max_memory_allocated() - before), base)
    except Exception as e:
        print(f"    {name:34} {(str(e).splitlines() or [repr(e)])[0][:70]}")
        torch.cuda.synchronize()


def compare(program, path):
    manifest = peers.read_manifest(path)
    graph = peers.read_graph(path, manifest)
    layers, n = manifest["model"]["layers"], manifest["graph"]["n_nodes"]
    rng = numpy.random.default_rng(1)
    x = rng.standard_normal((n, layers[0]["in_dim"]), dtype=numpy.float32)
    labels = rng.integers(0, layers[-1]["out_dim"], n, dtype=numpy.int32)
    state = peers.PyG(manifest["model"]).state_dict()
    first = Peer(manifest, state, graph["edges"], x, labels)
    wanted = [first.step().item() for _ in range(N_CHECKED)]
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "weights.safetensors")
        save_file({k: v.contiguous() for k, v in state.items()}, weights)
        mine, taken = run_gnnac(path, weights, x, labels)
    if not agree(mine, wanted):
        print(f"    gnnac's losses {mine} are not {wanted}: not timed")
        return False
    said = subprocess.run(
        [*program.split(), "bench", path, "--protocol", "gnnadvisor", "--device",
         "cuda:0", "--json"], check=True, capture_output=True, text=True)
    base = json.loads(said.stdout)["epoch_ms_mean"], taken
    row("gnnac (the base)", base)

    def peer(edges):
        return Peer(manifest, state, edges, x, labels)

    def compiled(edges):
        return Peer(manifest, state, edges, x, labels, compiled=True)
    edges, adj = graph["edges"], graph["adj"]
    try_peer("PyG, edge list", edges, peer, wanted, base)
    try_peer("PyG, edge list, torch.compile", edges, compiled, wanted, base)
    try_peer("PyG, CSR (cuSPARSE)", adj, peer, wanted, base)
    return True


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    warnings.filterwarnings("ignore")
    right = True
    for path in sys.argv[3:]:
        g = peers.read_manifest(path)["graph"]
        print(f"{os.path.basename(path)}: {g['n_nodes']} nodes, "
              f"{g['n_stored_edges']} edges, {torch.cuda.get_device_name()}",
              flush=True)
        right &= compare(sys.argv[1], path)
    sys.exit(0 if right else 4)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    os.environ["GNNAC_LIBRARY"] = os.path.abspath(sys.argv[2])
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:0] = [here, os.path.join(here, "../../runtime/python")]
    import numpy
    import torch
    from safetensors.torch import save_file

    import peers
    main()
