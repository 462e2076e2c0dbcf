"""gnnac's operators and layers for PyTorch.

    from gnnac.torch import GCNConv          # in place of torch_geometric.nn's
    y = GCNConv(1433, 16)(x, edge_index)

The operators are PyTorch custom operators with gradients: legal under
torch.compile and torch.export. Importing this imports PyTorch; importing
gnnac does not. On the CPU so far.
"""

from ._conv import GATConv, GCNConv, GINConv, SAGEConv
from ._graphs import forget_graphs
from ._operators import aggregate, attention, sddmm

__all__ = ["GATConv", "GCNConv", "GINConv", "SAGEConv", "aggregate",
           "attention", "forget_graphs", "sddmm"]
