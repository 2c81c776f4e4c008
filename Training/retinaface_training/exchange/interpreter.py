"""The network as the engine runs it: the plain convolutions of an exchange file, nothing left to fold.

Why: it is what rf-pack and the Swift engine are checked against, written a second time without network.py's modules, so that a fault in
either shows. Source: arXiv 1905.00641 section 3; MobileNetV1 x 0.25, feature pyramid, SSH context modules, heads of 1x1 convolutions.
"""

from __future__ import annotations

import os

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional

from . import model_file
from ..network.config import LEVELS, NetworkConfig, parse_activation
from ..network.retinaface import TAPS, Heads


class FoldedNetwork(nn.Module):
    """Inference of an exchange file; same input and output as `RetinaFace`."""

    def __init__(self, tensors: dict[str, numpy.ndarray], config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.slope = parse_activation(config.activation)
        for name, tensor in tensors.items():
            self.register_buffer(name.replace(".", "_"), torch.from_numpy(tensor))

    @staticmethod
    def load(path: str | os.PathLike) -> FoldedNetwork:
        """Raises ModelFileError."""
        return FoldedNetwork(*model_file.read(path)).eval()

    def forward(self, images: Tensor) -> Heads:
        levels = [self._context(level, x) for level, x in zip(LEVELS, self._pyramid(self._backbone(images)), strict=True)]
        return Heads(*(self._head(name, values, levels) for name, values in (("class", 2), ("box", 4), ("landmarks", 10))))

    def _convolve(self, name: str, x: Tensor, stride: int = 1, activate: bool = True) -> Tensor:
        weight, bias = (getattr(self, f"{name}.{part}".replace(".", "_")) for part in ("weight", "bias"))
        groups = x.shape[1] // weight.shape[1]
        x = functional.conv2d(x, weight, bias, stride=stride, padding=weight.shape[-1] // 2, groups=groups)
        return functional.leaky_relu(x, self.slope) if activate else x

    def _backbone(self, x: Tensor) -> list[Tensor]:
        x = self._convolve("backbone.stem", x, self.config.stem_stride)
        taps = []
        for block, stride in enumerate(self.config.block_strides, start=1):
            x = self._convolve(f"backbone.block{block}.depthwise", x, stride)
            x = self._convolve(f"backbone.block{block}.pointwise", x)
            if block in TAPS:
                taps.append(x)
        return taps

    def _pyramid(self, taps: list[Tensor]) -> list[Tensor]:
        p3, p4, p5 = (self._convolve(f"pyramid.lateral{level}", x) for level, x in zip(LEVELS, taps, strict=True))
        p4 = self._convolve("pyramid.merge4", p4 + functional.interpolate(p5, size=p4.shape[2:], mode="nearest"))
        p3 = self._convolve("pyramid.merge3", p3 + functional.interpolate(p4, size=p3.shape[2:], mode="nearest"))
        return [p3, p4, p5]

    def _context(self, level: int, x: Tensor) -> Tensor:
        name = f"context{level}"
        shared = self._convolve(f"{name}.conv5x5_1", x)
        view5x5 = self._convolve(f"{name}.conv5x5_2", shared, activate=False)
        view7x7 = self._convolve(f"{name}.conv7x7_3", self._convolve(f"{name}.conv7x7_2", shared), activate=False)
        return functional.relu(torch.cat([self._convolve(f"{name}.conv3x3", x, activate=False), view5x5, view7x7], dim=1))

    def _head(self, name: str, values: int, levels: list[Tensor]) -> Tensor:
        maps = [self._convolve(f"head{level}.{name}", x, activate=False) for level, x in zip(LEVELS, levels, strict=True)]
        return torch.cat([m.permute(0, 2, 3, 1).reshape(len(m), -1, values) for m in maps], dim=1)
