"""RetinaFace with a MobileNet-0.25 backbone: feature pyramid, context modules and three 1x1 heads a level.

The network of arXiv 1905.00641, in the small shape of biubug6/Pytorch_Retinaface. Modules carry the
names of the exported model file (`backbone.block1.depthwise`, `context3.conv5x5_1`, ...), each with a
`conv` and, but for the heads, a `norm` inside. Channel counts: MobileNetV1 (arXiv 1704.04861) x 0.25.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

LEVELS = (3, 4, 5)
"""Pyramid levels; level L has a stride of 2**L input pixels."""

PYRAMID_CHANNELS = 64
STEM_CHANNELS = 8
BLOCK_CHANNELS = (16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256)
TAPS = (5, 11, 13)
"""Blocks (counted from 1) whose output is C3, C4, C5."""

HEADS = {"class": 2, "box": 4, "landmarks": 10}
"""Values of each head for an anchor."""

Anchors = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class NetworkConfig:
    """What makes one RetinaFace differ from another.

    activation: "relu" or "leaky:SLOPE", used everywhere but after the context modules' concatenation (always ReLU).
    anchors: square anchor sides in input pixels, one tuple a level, finest first; the same count on every level.
    stem_stride: 2 (3x3 convolution) or 4 (7x7 convolution; block 2 then keeps its input's size).
    """

    activation: str = "relu"
    anchors: Anchors = ((16, 32), (64, 128), (256, 512))
    stem_stride: int = 2

    def __post_init__(self) -> None:
        parse_activation(self.activation)
        if self.stem_stride not in (2, 4):
            raise ValueError(f"stem stride {self.stem_stride}: only 2 and 4 are built")
        counts = {len(sides) for sides in self.anchors}
        if len(self.anchors) != len(LEVELS) or len(counts) != 1 or 0 in counts:
            raise ValueError(f"anchors {self.anchors}: give the same number of sides for each of {len(LEVELS)} levels")

    @property
    def anchors_per_cell(self) -> int:
        return len(self.anchors[0])

    @property
    def strides(self) -> tuple[int, ...]:
        return tuple(2**level for level in LEVELS)

    @property
    def block_strides(self) -> tuple[int, ...]:
        second = 2 if self.stem_stride == 2 else 1
        return (1, second, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)

    def to_dict(self) -> dict[str, object]:
        """The same facts in plain types, as checkpoints store them."""
        return {**asdict(self), "anchors": [list(sides) for sides in self.anchors]}

    @classmethod
    def from_dict(cls, facts: Mapping[str, object]) -> NetworkConfig:
        """The inverse of `to_dict`."""
        anchors = tuple(tuple(int(side) for side in sides) for sides in facts["anchors"])
        return cls(activation=str(facts["activation"]), anchors=anchors, stem_stride=int(facts["stem_stride"]))


def parse_anchors(text: str) -> Anchors:
    """Anchor sides from "16,32/64,128/256,512". Raises ValueError where a side is no positive whole number."""
    try:
        anchors = tuple(tuple(int(side) for side in level.split(",")) for level in text.split("/"))
    except ValueError:
        raise ValueError(f"anchors {text!r}: write sides in pixels like 16,32/64,128/256,512") from None
    if any(side <= 0 for sides in anchors for side in sides):
        raise ValueError(f"anchors {text!r}: sides must be positive")
    return anchors


def parse_activation(text: str) -> float:
    """The slope below zero of "relu" (0) or "leaky:SLOPE". Raises ValueError for anything else."""
    if text == "relu":
        return 0.0
    kind, _, slope = text.partition(":")
    try:
        if kind == "leaky" and 0.0 < float(slope) < 1.0:
            return float(slope)
    except ValueError:
        pass
    raise ValueError(f"activation {text!r}: write relu or leaky:SLOPE with a slope between 0 and 1, like leaky:0.1")


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
        """Takes the batch norm into the convolution; for inference only."""
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
        features = self.stem(images)
        taps = []
        for index in range(1, len(BLOCK_CHANNELS) + 1):
            features = getattr(self, f"block{index}")(features)
            if index in TAPS:
                taps.append(features)
        return taps


class Pyramid(nn.Module):
    """Top-down feature pyramid; upsamples (nearest) to the finer map's own size, so odd sizes work."""

    def __init__(self, slope: float):
        super().__init__()
        for level, tap in zip(LEVELS, TAPS, strict=True):
            self.add_module(f"lateral{level}", ConvNorm(BLOCK_CHANNELS[tap - 1], PYRAMID_CHANNELS, 1, slope=slope))
        for level in LEVELS[:-1]:
            self.add_module(f"merge{level}", ConvNorm(PYRAMID_CHANNELS, PYRAMID_CHANNELS, 3, slope=slope))

    def forward(self, taps: list[Tensor]) -> list[Tensor]:
        laterals = [getattr(self, f"lateral{level}")(tap) for level, tap in zip(LEVELS, taps, strict=True)]
        outputs = [laterals[-1]]
        for level, lateral in reversed(list(zip(LEVELS, laterals))[:-1]):
            coarser = functional.interpolate(outputs[0], size=lateral.shape[-2:], mode="nearest")
            outputs.insert(0, getattr(self, f"merge{level}")(lateral + coarser))
        return outputs


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
        shared = self.conv5x5_1(features)
        views = [self.conv3x3(features), self.conv5x5_2(shared), self.conv7x7_3(self.conv7x7_2(shared))]
        return functional.relu(torch.cat(views, dim=1))


class RetinaFace(nn.Module):
    """The whole network: N x 3 x H x W (blue, green, red, each byte minus `anchors.MEAN_BGR`) to `Heads`."""

    def __init__(self, config: NetworkConfig = NetworkConfig()):
        super().__init__()
        self.config = config
        slope = parse_activation(config.activation)
        self.backbone = Backbone(config)
        self.pyramid = Pyramid(slope)
        for level in LEVELS:
            self.add_module(f"context{level}", Context(slope))
            heads = {name: nn.Conv2d(PYRAMID_CHANNELS, config.anchors_per_cell * count, 1) for name, count in HEADS.items()}
            self.add_module(f"head{level}", nn.ModuleDict(heads))
        self._start_as_background()

    def _start_as_background(self) -> None:
        """Nearly every anchor is background: starting from a face score of 1 % spares the first steps from learning just that (arXiv 1708.02002)."""
        logit = torch.tensor([0.5, -0.5]) * math.log(99.0)
        with torch.no_grad():
            for level in LEVELS:
                getattr(self, f"head{level}")["class"].bias.copy_(logit.repeat(self.config.anchors_per_cell))

    def features(self, images: Tensor) -> list[Tensor]:
        """The context modules' outputs, one N x 64 x h x w a level, finest first."""
        return self.contexts(self.backbone(images))

    def contexts(self, taps: list[Tensor]) -> list[Tensor]:
        """The same from the backbone's C3, C4, C5."""
        outputs = self.pyramid(taps)
        return [getattr(self, f"context{level}")(output) for level, output in zip(LEVELS, outputs, strict=True)]

    def heads(self, features: list[Tensor]) -> Heads:
        """Class, box and landmark outputs of `features`' result."""
        levels = []
        for level, values in zip(LEVELS, features, strict=True):
            heads = getattr(self, f"head{level}")
            # One product for the three heads: half the time of three 1x1 convolutions, forward and backward.
            weights = torch.cat([head.weight.flatten(1) for head in heads.values()])
            biases = torch.cat([head.bias for head in heads.values()])
            outputs = functional.linear(values.permute(0, 2, 3, 1).flatten(1, 2), weights, biases)
            levels.append(outputs.split([head.out_channels for head in heads.values()], dim=2))
        joined = [torch.cat([part.reshape(len(part), -1, count) for part in parts], dim=1) for parts, count in zip(zip(*levels), HEADS.values())]
        return Heads(*joined)

    def forward(self, images: Tensor) -> Heads:
        return self.heads(self.features(images))


def load_published(path: str | Path, config: NetworkConfig) -> RetinaFace:
    """A published detector (biubug6's key names) as our network, in evaluation mode.

    Raises ValueError where a key or a shape does not fit `config`.
    """
    network = RetinaFace(config)
    _load_strictly(network, _renamed(_read_state(path)), path)
    return network.eval()


def load_backbone(network: RetinaFace, path: str | Path) -> None:
    """Starts `network`'s backbone from a published ImageNet classifier; its last layer (`fc`) is left out.

    A stem of another size than the classifier's 3x3 keeps its random start. Raises ValueError where a key or a shape does not fit.
    """
    state = {f"body.{key}": value for key, value in _read_state(path).items() if not key.startswith("fc.")}
    renamed = {key.removeprefix("backbone."): value for key, value in _renamed(state).items()}
    if network.config.stem_stride != 2:
        renamed = {key: network.backbone.state_dict()[key] if key.startswith("stem.") else value for key, value in renamed.items()}
    _load_strictly(network.backbone, renamed, path)


def save_weights(network: RetinaFace, path: str | Path, state: Mapping[str, Tensor] | None = None) -> None:
    """Writes weights (`state`, else the network's own) with their configuration, for `load_checkpoint`."""
    weights = {key: value.detach().cpu() for key, value in (state or network.state_dict()).items()}
    torch.save({"config": network.config.to_dict(), "network": weights}, path)


def load_checkpoint(path: str | Path, averaged: bool = True) -> RetinaFace:
    """A checkpoint of our training as a network in evaluation mode; its averaged weights where it has some and `averaged`.

    Raises ValueError where the file is none of our checkpoints or does not fit its own configuration.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{path}: not a PyTorch checkpoint ({error})") from error
    if not isinstance(checkpoint, dict) or "config" not in checkpoint or "network" not in checkpoint:
        raise ValueError(f"{path}: no checkpoint of this training; a published one is read with its anchors and activation named")
    network = RetinaFace(NetworkConfig.from_dict(checkpoint["config"]))
    state = checkpoint["average"] if averaged and "average" in checkpoint else checkpoint["network"]
    _load_strictly(network, state, path)
    return network.eval()


def with_anchors(config: NetworkConfig, anchors: str | None, activation: str | None) -> NetworkConfig:
    """`config` with what a command line names instead."""
    if anchors is not None:
        config = replace(config, anchors=parse_anchors(anchors))
    return config if activation is None else replace(config, activation=activation)


def _read_state(path: str | Path) -> dict[str, Tensor]:
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    state = checkpoint.get("state_dict", checkpoint)
    return {key.removeprefix("module."): value for key, value in state.items()}


def _renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    renamed = {}
    for key, value in state.items():
        *path, kind = key.split(".")
        prefix = _our_prefix(path)
        if prefix is None:
            raise ValueError(f"{key}: not a key of the published RetinaFace MobileNet-0.25")
        renamed[f"{prefix}.{kind}"] = value
    return renamed


def _our_prefix(path: list[str]) -> str | None:
    """Our module's name for a published one, such as [body, stage2, 3, 4]; None where there is none."""
    units = ("conv", "norm")
    match path:
        case ["body", "stage1", "0", unit]:
            return f"backbone.stem.{units[int(unit)]}"
        case ["body", stage, place, unit]:
            block = {"stage1": 0, "stage2": 6, "stage3": 12}[stage] + int(place)
            part, kind = {"0": ("depthwise", 0), "1": ("depthwise", 1), "3": ("pointwise", 0), "4": ("pointwise", 1)}[unit]
            return f"backbone.block{block}.{part}.{units[kind]}"
        case ["fpn", name, unit]:
            kind = "lateral" if name.startswith("output") else "merge"
            return f"pyramid.{kind}{int(name[-1]) + 2}.{units[int(unit)]}"
        case [context, name, unit] if context.startswith("ssh"):
            return f"context{int(context[-1]) + 2}.{name.lower()}.{units[int(unit)]}"
        case [head, level, "conv1x1"]:
            kind = {"ClassHead": "class", "BboxHead": "box", "LandmarkHead": "landmarks"}[head]
            return f"head{int(level) + 3}.{kind}"
    return None


def _load_strictly(module: nn.Module, state: Mapping[str, Tensor], path: str | Path) -> None:
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise ValueError(f"{path}: the weights do not fit the network: {error}") from error
