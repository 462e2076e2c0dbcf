"""Graphs of edge_index tensors: made once, remembered while they are in use.

A tensor is known by its memory and its version, which PyTorch counts up at
every change in place. The memory is kept from being reused for another tensor
as long as it is remembered.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from typing import Any

import torch

from .._bundle import Bundle
from .._context import Context
from .._graph import Graph

MOST = 64  # graphs that are remembered

_lock = threading.Lock()
_kernels: Bundle | None = None
_graphs: OrderedDict[
    tuple[Any, ...], tuple[Graph, torch.Tensor, Bundle | None]] = OrderedDict()


def forget_graphs() -> None:
    """Give up all remembered graphs, and so their memory."""
    with _lock:
        _graphs.clear()


def use_kernels(bundle: Bundle | None) -> None:
    """The kernels that operators run on a GPU from now on, those of
    gnnac.compile_operators(); None: none."""
    global _kernels
    _kernels = bundle


@functools.lru_cache(maxsize=None)
def _context(gpu: int) -> Context:
    return Context(f"cuda:{gpu}")


def _make(edge_index: torch.Tensor, nodes: int, drop_self_loops: bool) -> Graph:
    """On the device of edge_index, by a copy that is awaited."""
    on_gpu = edge_index.is_cuda
    return Graph(edge_index, nodes, drop_self_loops=drop_self_loops,
                 context=_context(edge_index.device.index) if on_gpu else None,
                 kernels=_kernels if on_gpu else None)


def graph_of(edge_index: torch.Tensor, nodes: int,
             drop_self_loops: bool) -> Graph:
    """The graph of edge_index [2, edges], on its device."""
    if edge_index.is_inference():  # its changes are not counted
        return _make(edge_index, nodes, drop_self_loops)
    key = (edge_index.device, edge_index.data_ptr(), edge_index.dtype,
           tuple(edge_index.shape), edge_index.stride(), edge_index._version,
           nodes, drop_self_loops,
           id(_kernels) if edge_index.is_cuda else None)
    with _lock:
        found = _graphs.pop(key, None)
        if found is None:
            found = (_make(edge_index, nodes, drop_self_loops),
                     edge_index.detach(), _kernels)
        _graphs[key] = found
        if len(_graphs) > MOST:
            _graphs.popitem(last=False)
    return found[0]
