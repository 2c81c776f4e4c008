"""Weights in files: checkpoints of our training, published detectors and the ImageNet backbone.

The published names are those of biubug6/Pytorch_Retinaface: body.stage1.0 is the stem, each later place of a stage is a block;
fpn.output1...3 and ssh1...3 belong to levels 3...5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from .config import NetworkConfig
from .retinaface import RetinaFace
from .wrappers import CheckpointError, describe_keys, find_weights, has_weights, read_checkpoint

_UNITS = {"0": "conv", "1": "norm"}
_BLOCK_UNITS = {"0": "depthwise.conv", "1": "depthwise.norm", "3": "pointwise.conv", "4": "pointwise.norm"}
_BLOCK_OF_PLACE_0 = {"1": 0, "2": 6, "3": 12}
_HEAD_KINDS = {"Class": "class", "Bbox": "box", "Landmark": "landmarks"}

_PUBLISHED_NAMES: list[tuple[str, Callable[..., str]]] = [
    (r"body\.stage1\.0\.([01])", lambda unit: f"backbone.stem.{_UNITS[unit]}"),
    (
        r"body\.stage([123])\.(\d)\.([0134])",
        lambda stage, place, unit: f"backbone.block{_BLOCK_OF_PLACE_0[stage] + int(place)}.{_BLOCK_UNITS[unit]}",
    ),
    (r"fpn\.output([123])\.([01])", lambda index, unit: f"pyramid.lateral{int(index) + 2}.{_UNITS[unit]}"),
    (r"fpn\.merge([12])\.([01])", lambda index, unit: f"pyramid.merge{int(index) + 2}.{_UNITS[unit]}"),
    (r"ssh([123])\.(conv\dx\d(?:_\d)?)\.([01])", lambda index, name, unit: f"context{int(index) + 2}.{name}.{_UNITS[unit]}"),
    (r"(Class|Bbox|Landmark)Head\.([012])\.conv1x1", lambda kind, index: f"head{int(index) + 3}.{_HEAD_KINDS[kind]}"),
]
"""Published module names (with X as x) and the names in this package."""

# First parts of names that distinguish networks.
_DETECTOR_MARKER = "body"
_CLASSIFIER_MARKER = "stage1"
_OUR_MARKER = "backbone"


def load_published(path: str | Path, config: NetworkConfig) -> RetinaFace:
    """Loads a detector whose checkpoint has no configuration, in evaluation mode; wrapped in other dictionaries or not.

    Names are biubug6's, or ours (`torch.save(network.state_dict())`; the stem's size then gives its stride).
    Raises ValueError if a key or a shape does not fit `config`.
    """
    state = weights_without_configuration(read_checkpoint(path), path)
    stem = state.get("backbone.stem.conv.weight")
    network = RetinaFace(replace(config, stem_stride=4 if stem is not None and stem.shape[-1:] == (7,) else 2))
    _load_strictly(network, state, path)
    return network.eval()


def weights_without_configuration(checkpoint: object, path: str | Path) -> dict[str, Tensor]:
    """Returns the state dictionary, with the names of this package, of a checkpoint of any program. Raises CheckpointError."""
    if not has_weights(checkpoint, _DETECTOR_MARKER) and has_weights(checkpoint, _OUR_MARKER):
        return find_weights(checkpoint, _OUR_MARKER, path)
    return _renamed(find_weights(checkpoint, _DETECTOR_MARKER, path), path)


def load_backbone(network: RetinaFace, path: str | Path) -> None:
    """Starts `network`'s backbone from a published ImageNet classifier; its last layer (`fc`) is left out.

    A stem of another size than the classifier's 3x3 keeps its random start. Raises ValueError where a key or a shape does not fit.
    """
    classifier = find_weights(read_checkpoint(path), _CLASSIFIER_MARKER, path)
    state = {f"body.{key}": value for key, value in classifier.items() if not key.startswith("fc.")}
    renamed = {key.removeprefix("backbone."): value for key, value in _renamed(state, path).items()}
    if network.config.stem_stride != 2:
        renamed = {key: network.backbone.state_dict()[key] if key.startswith("stem.") else value for key, value in renamed.items()}
    _load_strictly(network.backbone, renamed, path)


def save_weights(network: RetinaFace, path: str | Path, state: Mapping[str, Tensor] | None = None) -> None:
    """Writes weights (`state`, else the network's own) with their configuration, for `load_checkpoint`."""
    weights = {key: value.detach().cpu() for key, value in (state or network.state_dict()).items()}
    torch.save({"config": network.config.to_dict(), "network": weights}, path)


def load_checkpoint(path: str | Path, averaged: bool = True) -> RetinaFace:
    """Loads a checkpoint of this training as a network in evaluation mode; with `averaged`, its averaged weights if it has them.

    Raises ValueError if the file is not a checkpoint of this training or does not fit its own configuration.
    """
    checkpoint = read_checkpoint(path)
    if not is_own(checkpoint):
        raise CheckpointError(f"{path}: is not a checkpoint of this training, which has config and network; {describe_keys(checkpoint)}")
    try:
        config = NetworkConfig.from_dict(checkpoint["config"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: its configuration cannot be used: {error!r}") from None
    network = RetinaFace(config)
    state = checkpoint["average"] if averaged and "average" in checkpoint else checkpoint["network"]
    _load_strictly(network, find_weights(state, _OUR_MARKER, path), path)
    return network.eval()


def is_own(checkpoint: object) -> bool:
    """Returns True for a checkpoint of this training: one with a configuration."""
    return isinstance(checkpoint, Mapping) and all(isinstance(checkpoint.get(key), Mapping) for key in ("config", "network"))


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
    """Returns this package's name of a published module, such as body.stage2.3.4, or None."""
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
