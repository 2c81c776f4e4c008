"""Loads a network from a file of weights of any kind: our checkpoints, published ones, exchange files."""

from __future__ import annotations

import os
from pathlib import Path

from torch import nn

from ..exchange.graph import ModelFileError
from ..exchange.interpreter import Interpreter
from .checkpoints import is_own, load_checkpoint, load_published, weights_without_configuration
from .config import NetworkConfig, with_anchors
from .retinaface import RetinaFace
from .wrappers import read_checkpoint

PUBLISHED_HINT = (
    "type --activation leaky:0.1 --anchors 16,32/64,128/256,512 (leaky_anchors16.pth) "
    "or --activation relu --anchors 10,20/32,64/128,256 (relu_anchors10.pth)"
)


def load_network(path: str | os.PathLike, activation: str | None = None, anchors: str | None = None) -> RetinaFace:
    """Loads a checkpoint as a network in evaluation mode: of retinaface_training.train, or another of this architecture (see wrappers.py).

    `activation` and `anchors` are needed for checkpoints of other programs, which do not store them. Raises ModelFileError.
    """
    if not os.access(path, os.R_OK):
        raise ModelFileError(f"{path}: is absent or cannot be read")
    try:
        checkpoint = read_checkpoint(path)
        if is_own(checkpoint):
            _refuse_options(path, activation, anchors)
            return load_checkpoint(path)
        if activation is None or anchors is None:
            weights_without_configuration(checkpoint, path)  # first the faults that options cannot correct
            raise ModelFileError(
                f"{path}: is not a checkpoint of retinaface_training.train and does not store activation and anchors; {PUBLISHED_HINT}"
            )
        slope = "leaky:0.1" if activation == "leaky" else activation
        return load_published(path, with_anchors(NetworkConfig(), anchors, slope))
    except ValueError as error:
        raise ModelFileError(_one_line(error)) from None


def load_any(path: str | os.PathLike, activation: str | None = None, anchors: str | None = None) -> nn.Module:
    """Loads as `load_network`, and exchange files (.safetensors) too; all return `Heads` and have a `description`."""
    if Path(path).suffix != ".safetensors":
        return load_network(path, activation, anchors)
    _refuse_options(path, activation, anchors)
    return Interpreter.load(path)


def _refuse_options(path: str | os.PathLike, activation: str | None, anchors: str | None) -> None:
    if activation is not None or anchors is not None:
        raise ModelFileError(
            f"{path}: a checkpoint of retinaface_training.train stores its activation and anchors: leave --activation and --anchors out"
        )


def _one_line(error: Exception) -> str:
    """Shortens a message: PyTorch's have many lines and list every key."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:300] + "..."
