"""Converts an exported model back to a network that can be trained: every convolution gets a batch norm again.

An exported model has no batch norms, and without them training at a useful rate diverges. A norm with the statistics of the given
pictures, and the scale and shift that compensate them, leaves the function unchanged, in training mode too.
"""

from __future__ import annotations

import numpy
import torch
from torch import Tensor, nn

from ..network.retinaface import ConvNorm, RetinaFace


@torch.no_grad()
def unfold(network: RetinaFace, tensors: dict[str, numpy.ndarray], images: Tensor) -> None:
    """Copies the folded `tensors` (`model_file.read`) to `network`, in place.

    images: N x 3 x H x W, inputs of the network; the more, the closer the function on training batches is to the model's.
    """
    hooks = []
    for name, module in network.named_modules():
        if isinstance(module, ConvNorm):
            module.conv.weight.copy_(torch.from_numpy(tensors[f"{name}.weight"]))
            hooks.append(module.norm.register_forward_pre_hook(_fitting(torch.from_numpy(tensors[f"{name}.bias"]))))
        elif isinstance(module, nn.Conv2d) and f"{name}.weight" in tensors:
            module.weight.copy_(torch.from_numpy(tensors[f"{name}.weight"]))
            module.bias.copy_(torch.from_numpy(tensors[f"{name}.bias"]))
    network.eval()(images)
    for hook in hooks:
        hook.remove()


def _fitting(bias: Tensor):
    """Returns a hook that makes a norm add only `bias` to its input."""

    def fit(norm: nn.BatchNorm2d, inputs: tuple[Tensor, ...]) -> None:
        variance, mean = torch.var_mean(inputs[0].double(), dim=(0, 2, 3), correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.copy_(mean + bias)

    return fit
