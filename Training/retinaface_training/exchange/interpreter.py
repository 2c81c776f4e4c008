"""Executes the graph of an exchange file with PyTorch, layer by layer.

It is written without the modules of the network: an independent check of the export, of rf-pack and of the engine.
"""

from __future__ import annotations

import os

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..network.retinaface import Heads
from . import model_file
from .graph import INPUT, ROLES, UPSAMPLE_ADD, Description, Graph, Layer


class Interpreter(nn.Module):
    """Inference of a graph; the same input and output as `RetinaFace`, at any size."""

    def __init__(self, graph: Graph, tensors: dict[str, numpy.ndarray]) -> None:
        super().__init__()
        self.graph = graph
        for name, tensor in tensors.items():
            self.register_buffer(name.replace(".", "/"), torch.from_numpy(tensor))

    @staticmethod
    def load(path: str | os.PathLike) -> Interpreter:
        """Reads an exchange file. Raises ModelFileError."""
        return Interpreter(*model_file.read(path)).eval()

    @property
    def description(self) -> Description:
        return self.graph.description

    def forward(self, images: Tensor) -> Heads:
        maps, outputs = {INPUT: [images]}, {}
        for layer in self.graph.layers:
            if layer.operation == UPSAMPLE_ADD:
                fine, coarse = (torch.cat(maps[name], dim=1) for name in layer.inputs)
                maps[layer.output] = [fine + functional.interpolate(coarse, size=fine.shape[2:], mode="nearest")]
            else:
                outputs[layer.name] = self._convolve(layer, torch.cat(maps[layer.inputs[0]], dim=1))
                if layer.output is not None:
                    maps.setdefault(layer.output, []).append(outputs[layer.name])
        layers = {(head.role, head.level): head.layer for head in self.graph.heads}
        levels = range(len(self.description.levels))
        return Heads(*(_joined([outputs[layers[role, level]] for level in levels], values) for role, values in ROLES.items()))

    def _convolve(self, layer: Layer, values: Tensor) -> Tensor:
        weight, bias = (getattr(self, f"{layer.name}.{part}".replace(".", "/")) for part in ("weight", "bias"))
        groups = values.shape[1] // weight.shape[1]
        return functional.leaky_relu(functional.conv2d(values, weight, bias, layer.stride, layer.padding, groups=groups), layer.slope)


def _joined(maps: list[Tensor], values: int) -> Tensor:
    """Returns N x A x values from one map per level, anchors ordered level, y, x, anchor."""
    return torch.cat([m.permute(0, 2, 3, 1).reshape(len(m), -1, values) for m in maps], dim=1)
