"""RetinaFace with a MobileNet-0.25 backbone: feature pyramid, context modules and three 1x1 heads per level.

The network of arXiv 1905.00641, in the small shape of biubug6/Pytorch_Retinaface. Modules have the names of the exported layers
(`backbone.block1.depthwise`, `context3.conv5x5_1`, ...), each with a `conv` and, except in the heads, a `norm` inside. Channel counts:
MobileNetV1 (arXiv 1704.04861) x 0.25. Layers are exported in the order in which this file executes them: a lateral directly after the block
that it reads, then the levels from coarse to fine, so that few feature maps exist at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..exchange.graph import ROLES, Description, Level
from .anchors import MEAN_BGR, VARIANCES
from .config import LEVELS, STRIDES, NetworkConfig, parse_activation

PYRAMID_CHANNELS = 64
STEM_CHANNELS = 8
BLOCK_CHANNELS = (16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256)
TAPS = (5, 11, 13)
"""Blocks (counted from 1) whose output is C3, C4, C5."""


class Heads(NamedTuple):
    """Raw outputs; anchors are ordered level, y, x, anchor.

    classes: N x A x 2 logits, background then face. boxes: N x A x 4 and landmarks: N x A x 10, both encoded
    relative to the anchors (`anchors.decode_boxes`, `anchors.decode_landmarks`).
    """

    classes: Tensor
    boxes: Tensor
    landmarks: Tensor


class ConvNorm(nn.Module):
    """Convolution, batch norm and, unless `slope` is None, a (leaky) ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1, slope: float | None = 0.0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.slope = slope
        # On a processor the bfloat16 gradient of these shapes takes 4 to 11 times as long as the float32 one (PyTorch 2.13, AVX-512 BF16).
        strided_depthwise, narrowing = groups > 1 and stride > 1, size > 1 and inputs >= 4 * outputs
        self.float32_in_training = strided_depthwise or narrowing

    def forward(self, features: Tensor) -> Tensor:
        features = self.norm(self._convolve(features))
        if self.slope is None:
            return features
        if self.slope == 0.0:
            return functional.relu(features, inplace=True)
        return functional.leaky_relu(features, self.slope, inplace=True)

    def fold_norm(self) -> None:
        """Folds the batch norm into the convolution; for inference only."""
        self.conv, self.norm = fuse_conv_bn_eval(self.conv, self.norm), nn.Identity()

    def _convolve(self, features: Tensor) -> Tensor:
        if not (self.training and self.float32_in_training and features.dtype == torch.bfloat16 and features.device.type == "cpu"):
            return self.conv(features)
        with torch.autocast("cpu", enabled=False):
            return self.conv(features.float()).to(features.dtype)


class Block(nn.Module):
    """MobileNetV1's depthwise separable convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int, slope: float):
        super().__init__()
        self.depthwise = ConvNorm(inputs, inputs, 3, stride, groups=inputs, slope=slope)
        self.pointwise = ConvNorm(inputs, outputs, 1, slope=slope)

    def forward(self, features: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(features))


class Backbone(nn.Module):
    """MobileNetV1 x 0.25; returns C3, C4, C5."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        slope = parse_activation(config.activation)
        stem_size = 3 if config.stem_stride == 2 else 7
        self.stem = ConvNorm(3, STEM_CHANNELS, stem_size, config.stem_stride, slope=slope)
        inputs = STEM_CHANNELS
        for index, (outputs, stride) in enumerate(zip(BLOCK_CHANNELS, config.block_strides, strict=True), start=1):
            self.add_module(f"block{index}", Block(inputs, outputs, stride, slope))
            inputs = outputs

    def forward(self, images: Tensor) -> list[Tensor]:
        return list(self.taps(images))

    def taps(self, images: Tensor) -> Iterator[Tensor]:
        """Yields C3, C4, C5, each before the next block is computed."""
        features = self.stem(images)
        for index in range(1, len(BLOCK_CHANNELS) + 1):
            features = getattr(self, f"block{index}")(features)
            if index in TAPS:
                yield features


class Pyramid(nn.Module):
    """Top-down feature pyramid; upsamples (nearest) to the finer map's own size, so odd sizes work."""

    def __init__(self, slope: float):
        super().__init__()
        for level, tap in zip(LEVELS, TAPS, strict=True):
            self.add_module(f"lateral{level}", ConvNorm(BLOCK_CHANNELS[tap - 1], PYRAMID_CHANNELS, 1, slope=slope))
        for level in LEVELS[:-1]:
            self.add_module(f"merge{level}", ConvNorm(PYRAMID_CHANNELS, PYRAMID_CHANNELS, 3, slope=slope))

    def forward(self, taps: Iterable[Tensor]) -> Iterator[Tensor]:
        """Yields the merged levels, coarsest first."""
        laterals = [getattr(self, f"lateral{level}")(tap) for level, tap in zip(LEVELS, taps, strict=True)]
        merged = laterals[-1]
        yield merged
        for level, lateral in reversed(list(zip(LEVELS[:-1], laterals, strict=False))):
            coarser = functional.interpolate(merged, size=lateral.shape[-2:], mode="nearest")
            merged = getattr(self, f"merge{level}")(lateral + coarser)
            yield merged


class Context(nn.Module):
    """Context module (SSH, arXiv 1708.03979): 3x3, 5x5 and 7x7 views of a level, concatenated, then ReLU."""

    def __init__(self, slope: float):
        super().__init__()
        half, quarter = PYRAMID_CHANNELS // 2, PYRAMID_CHANNELS // 4
        self.conv3x3 = ConvNorm(PYRAMID_CHANNELS, half, 3, slope=None)
        self.conv5x5_1 = ConvNorm(PYRAMID_CHANNELS, quarter, 3, slope=slope)
        self.conv5x5_2 = ConvNorm(quarter, quarter, 3, slope=None)
        self.conv7x7_2 = ConvNorm(quarter, quarter, 3, slope=slope)
        self.conv7x7_3 = ConvNorm(quarter, quarter, 3, slope=None)

    def forward(self, features: Tensor) -> Tensor:
        view3x3, shared = self.conv3x3(features), self.conv5x5_1(features)
        views = [view3x3, self.conv5x5_2(shared), self.conv7x7_3(self.conv7x7_2(shared))]
        return functional.relu(torch.cat(views, dim=1))


class RetinaFace(nn.Module):
    """The whole network: N x 3 x H x W (blue, green, red, each byte minus `anchors.MEAN_BGR`) to `Heads`."""

    def __init__(self, config: NetworkConfig = NetworkConfig()):
        super().__init__()
        self.config = config
        slope = parse_activation(config.activation)
        self.backbone = Backbone(config)
        self.pyramid = Pyramid(slope)
        for level, sides in zip(LEVELS, config.anchors, strict=True):
            self.add_module(f"context{level}", Context(slope))
            heads = {name: nn.Conv2d(PYRAMID_CHANNELS, len(sides) * count, 1) for name, count in ROLES.items()}
            self.add_module(f"head{level}", nn.ModuleDict(heads))
        self._start_as_background()

    def _start_as_background(self) -> None:
        """Sets the face score to 1 %: nearly every anchor is background, and the first steps need not learn it (arXiv 1708.02002)."""
        logit = torch.tensor([0.5, -0.5]) * math.log(99.0)
        with torch.no_grad():
            for level, sides in zip(LEVELS, self.config.anchors, strict=True):
                getattr(self, f"head{level}")["class"].bias.copy_(logit.repeat(len(sides)))

    @property
    def description(self) -> Description:
        """The input, the variances and the levels, for export and detection."""
        levels = tuple(Level(stride, sides) for stride, sides in zip(STRIDES, self.config.anchors, strict=True))
        return Description("bgr", MEAN_BGR, 1, VARIANCES, levels)

    def features(self, images: Tensor) -> list[Tensor]:
        """Returns the outputs of the context modules, one N x 64 x h x w per level, finest first."""
        return self.contexts(self.backbone.taps(images))

    def contexts(self, taps: Iterable[Tensor]) -> list[Tensor]:
        """Returns the same from the backbone's C3, C4, C5."""
        return list(self._contexts(taps))[::-1]

    def _contexts(self, taps: Iterable[Tensor]) -> Iterator[Tensor]:
        for level, merged in zip(reversed(LEVELS), self.pyramid(taps), strict=True):
            yield getattr(self, f"context{level}")(merged)

    def maps(self, images: Tensor) -> dict[str, list[Tensor]]:
        """Returns the raw maps of the heads by role, finest level first, each from a convolution of its own: the form that is exported."""
        maps: dict[str, list[Tensor]] = {role: [] for role in ROLES}
        for level, features in zip(reversed(LEVELS), self._contexts(self.backbone.taps(images)), strict=True):
            for role in ROLES:
                maps[role].insert(0, getattr(self, f"head{level}")[role](features))
        return maps

    def heads(self, features: list[Tensor]) -> Heads:
        """Returns class, box and landmark outputs from the result of `features`."""
        levels = []
        for level, values in zip(LEVELS, features, strict=True):
            heads = getattr(self, f"head{level}")
            # One product for the three heads: a fifth of the time of three 1x1 convolutions, forward and backward.
            weights = torch.cat([head.weight.flatten(1) for head in heads.values()])
            biases = torch.cat([head.bias for head in heads.values()])
            outputs = functional.linear(values.permute(0, 2, 3, 1).flatten(1, 2), weights, biases)
            levels.append(outputs.split([head.out_channels for head in heads.values()], dim=2))
        columns = zip(zip(*levels, strict=True), ROLES.values(), strict=True)
        joined = [torch.cat([part.reshape(len(part), -1, count) for part in parts], dim=1) for parts, count in columns]
        return Heads(*joined)

    def forward(self, images: Tensor) -> Heads:
        return self.heads(self.features(images))
