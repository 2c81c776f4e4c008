"""Batch norm folded into the convolution before it, in double precision.

Why: at inference a batch norm is a fixed scale and shift a channel: y = gamma * (w*x - mean) / sqrt(variance + eps) + beta. Folding it
into weight and bias saves the engine a pass over every map. Source: PyTorch's BatchNorm2d.
"""

from __future__ import annotations

import numpy
import torch
from torch import Tensor, nn

from ..network.retinaface import ConvNorm, RetinaFace

DEAD_VARIANCE = 1e-6
"""Of a channel in training. Living ones of our models have 2e-5 and more, of the published ones 6e-6; dead ones 1e-7 and less, mostly 0."""


def fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight (O x I x kh x kw) and bias (O) of the one convolution that does what both did in evaluation mode.

    Float64; the convolution may have a bias or not. A channel that hardly varied in training (variance below `DEAD_VARIANCE`) becomes a
    constant: what feeds it is dead, so its weights are worth nothing, but the norm makes them thousands of times larger than the
    others', and a value that a strange picture or rounding to bytes lets through would drown the map.
    """
    is_alive = norm.running_var >= DEAD_VARIANCE
    factor = torch.where(is_alive, norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps), 0.0)
    bias = 0.0 if convolution.bias is None else convolution.bias.double()
    return convolution.weight.double() * factor[:, None, None, None], norm.bias.double() + (bias - norm.running_mean.double()) * factor


@torch.no_grad()
def folded_tensors(network: RetinaFace) -> dict[str, numpy.ndarray]:
    """All convolutions of a network as `NAME.weight` and `NAME.bias`, float32, in the names of its modules."""
    tensors = {}
    for name, module in network.named_modules():
        if isinstance(module, ConvNorm):
            weight, bias = fold(module.conv, module.norm)
        elif isinstance(module, nn.Conv2d) and not name.endswith(".conv"):
            weight, bias = module.weight, module.bias
        else:
            continue
        tensors[f"{name}.weight"] = numpy.ascontiguousarray(weight.cpu().float().numpy())
        tensors[f"{name}.bias"] = numpy.ascontiguousarray(bias.cpu().float().numpy())
    return tensors
