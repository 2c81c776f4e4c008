"""Weights in files: checkpoints of our training, published detectors and the ImageNet backbone.

The published names are those of biubug6/Pytorch_Retinaface: body.stage1.0 is the stem, each later place of a stage a block;
fpn.output1...3 and ssh1...3 stand for levels 3...5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from .config import NetworkConfig
from .network import RetinaFace

_UNITS = {"0": "conv", "1": "norm"}
_BLOCK_UNITS = {"0": "depthwise.conv", "1": "depthwise.norm", "3": "pointwise.conv", "4": "pointwise.norm"}
_BLOCK_OF_PLACE_0 = {"1": 0, "2": 6, "3": 12}
_HEAD_KINDS = {"Class": "class", "Bbox": "box", "Landmark": "landmarks"}

_PUBLISHED_NAMES: list[tuple[str, Callable[..., str]]] = [
    (r"body\.stage1\.0\.([01])", lambda unit: f"backbone.stem.{_UNITS[unit]}"),
    (r"body\.stage([123])\.(\d)\.([0134])", lambda stage, place, unit: f"backbone.block{_BLOCK_OF_PLACE_0[stage] + int(place)}.{_BLOCK_UNITS[unit]}"),
    (r"fpn\.output([123])\.([01])", lambda index, unit: f"pyramid.lateral{int(index) + 2}.{_UNITS[unit]}"),
    (r"fpn\.merge([12])\.([01])", lambda index, unit: f"pyramid.merge{int(index) + 2}.{_UNITS[unit]}"),
    (r"ssh([123])\.(conv\dx\d(?:_\d)?)\.([01])", lambda index, name, unit: f"context{int(index) + 2}.{name}.{_UNITS[unit]}"),
    (r"(Class|Bbox|Landmark)Head\.([012])\.conv1x1", lambda kind, index: f"head{int(index) + 3}.{_HEAD_KINDS[kind]}"),
]
"""Published module names (with X as x) and ours."""


def load_published(path: str | Path, config: NetworkConfig) -> RetinaFace:
    """A published detector (biubug6's key names) as our network, in evaluation mode.

    Raises ValueError where a key or a shape does not fit `config`.
    """
    network = RetinaFace(config)
    _load_strictly(network, _renamed(_read_state(path), path), path)
    return network.eval()


def load_backbone(network: RetinaFace, path: str | Path) -> None:
    """Starts `network`'s backbone from a published ImageNet classifier; its last layer (`fc`) is left out.

    A stem of another size than the classifier's 3x3 keeps its random start. Raises ValueError where a key or a shape does not fit.
    """
    state = {f"body.{key}": value for key, value in _read_state(path).items() if not key.startswith("fc.")}
    renamed = {key.removeprefix("backbone."): value for key, value in _renamed(state, path).items()}
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
    checkpoint = _read(path)
    if not isinstance(checkpoint, dict) or "config" not in checkpoint or "network" not in checkpoint:
        raise ValueError(f"{path}: no checkpoint of this training; a published one is read with its anchors and activation named")
    network = RetinaFace(NetworkConfig.from_dict(checkpoint["config"]))
    state = checkpoint["average"] if averaged and "average" in checkpoint else checkpoint["network"]
    _load_strictly(network, state, path)
    return network.eval()


def _read(path: str | Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the broken file made the unpickler trip over
        raise ValueError(f"{path}: not a PyTorch checkpoint ({error})") from error


def _read_state(path: str | Path) -> dict[str, Tensor]:
    checkpoint = _read(path)
    state = checkpoint.get("state_dict", checkpoint) if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path}: no published weights: they are a dictionary of tensors")
    return {key.removeprefix("module."): value for key, value in state.items()}


def _renamed(state: Mapping[str, Tensor], path: str | Path) -> dict[str, Tensor]:
    renamed = {}
    for key, value in state.items():
        name, _, kind = key.rpartition(".")
        prefix = _our_prefix(name)
        if prefix is None:
            raise ValueError(f"{path}: {key} is not a key of the published RetinaFace MobileNet-0.25")
        renamed[f"{prefix}.{kind}"] = value
    return renamed


def _our_prefix(name: str) -> str | None:
    """Our module's name for a published one, such as body.stage2.3.4; None where there is none."""
    for pattern, ours in _PUBLISHED_NAMES:
        found = re.fullmatch(pattern, name.replace("X", "x"))
        if found:
            return ours(*found.groups())
    return None


def _load_strictly(module: nn.Module, state: Mapping[str, Tensor], path: str | Path) -> None:
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise ValueError(f"{path}: the weights do not fit the network: {error}") from error
