"""gnnac's operators and layers for PyTorch.

    from gnnac.torch import GCNConv          # in place of torch_geometric.nn's
    y = GCNConv(1433, 16)(x, edge_index)

The operators are PyTorch custom operators with gradients: legal under
torch.compile and torch.export. Importing this imports PyTorch; importing
gnnac does not. On a GPU after use_kernels().
"""

from ._conv import GATConv, GATv2Conv, GCNConv, GINConv, SAGEConv
from ._graphs import forget_graphs, use_kernels
from ._operators import aggregate, attention, sddmm

__all__ = ["GATConv", "GATv2Conv", "GCNConv", "GINConv", "SAGEConv",
           "aggregate", "attention", "forget_graphs", "sddmm", "use_kernels"]
