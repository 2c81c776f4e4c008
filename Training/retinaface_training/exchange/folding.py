"""Folds a batch norm into the convolution before it, in double precision.

At inference a batch norm is a fixed scale and shift per channel: y = gamma * (w*x - mean) / sqrt(variance + eps) + beta. Folding it into
weight and bias saves the engine a pass over every map. Source: PyTorch's BatchNorm2d.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

DEAD_VARIANCE = 1e-6
"""Variance in training below which a channel counts as dead. Live channels of our models have 2e-5 and more, of the published models 6e-6;
dead ones have 1e-7 and less, mostly 0."""


def fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Returns weight (O x I x kh x kw) and bias (O), float64, of one convolution that equals both in evaluation mode.

    The convolution may have a bias or not. A channel that hardly varied in training (variance below `DEAD_VARIANCE`) becomes a constant:
    its inputs are dead and its weights carry no information, but the norm makes them thousands of times larger than the others'; a value
    that an unusual picture or rounding to bytes lets through would dominate the map.
    """
    is_alive = norm.running_var >= DEAD_VARIANCE
    factor = torch.where(is_alive, norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps), 0.0)
    bias = 0.0 if convolution.bias is None else convolution.bias.double()
    return convolution.weight.double() * factor[:, None, None, None], norm.bias.double() + (bias - norm.running_mean.double()) * factor
