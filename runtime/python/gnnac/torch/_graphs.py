"""Graphs of edge_index tensors: made once, remembered while they are in use.

A tensor is known by its memory and its version, which PyTorch counts up at
every change in place. The memory is kept from being reused for another tensor
as long as it is remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import torch

from .._graph import Graph
from ..errors import usage

MOST = 64  # graphs that are remembered

_lock = threading.Lock()
_graphs: OrderedDict[tuple[Any, ...], tuple[Graph, torch.Tensor]] = \
    OrderedDict()


def forget_graphs() -> None:
    """Give up all remembered graphs, and so their memory."""
    with _lock:
        _graphs.clear()


def graph_of(edge_index: torch.Tensor, nodes: int,
             drop_self_loops: bool) -> Graph:
    """The graph of edge_index [2, edges]."""
    if edge_index.device.type != "cpu":
        raise usage(f"edge_index is on {edge_index.device}: expected the CPU")
    if edge_index.is_inference():  # its changes are not counted
        return Graph(edge_index, nodes, drop_self_loops=drop_self_loops)
    key = (edge_index.data_ptr(), edge_index.dtype, tuple(edge_index.shape),
           edge_index.stride(), edge_index._version, nodes, drop_self_loops)
    with _lock:
        found = _graphs.pop(key, None)
        if found is None:
            found = (Graph(edge_index, nodes, drop_self_loops=drop_self_loops),
                     edge_index.detach())
        _graphs[key] = found
        if len(_graphs) > MOST:
            _graphs.popitem(last=False)
    return found[0]
