"""The exchange file between PyTorch and rf-pack: one safetensors file of float32 convolutions with batch norm folded.

Why: checkpoints carry batch norms and a training's state; the engine should see neither. Layer names and shapes are those of network.py,
each with `.weight` (OIHW) and `.bias`; the metadata below says all that the weights alone do not. rf-pack checks the same.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy
import safetensors
import safetensors.numpy
import torch

from ..network.anchors import MEAN_BGR, VARIANCES
from .folding import folded_tensors
from ..network.config import NetworkConfig, parse_anchors
from ..network.retinaface import TAPS, RetinaFace


class ModelFileError(ValueError):
    """A weights file or an option about it is not usable. The message says what, where and what to try."""


def metadata(config: NetworkConfig) -> dict[str, str]:
    """The safetensors `__metadata__`, all strings; the network's input is (byte - mean) * scale."""
    def joined(values, separator: str = ",") -> str:
        return separator.join(f"{value:g}" for value in values)
    return {
        "format": "retinaface-1",
        "architecture": "mobilenet-0.25",
        "activation": config.activation,
        "anchors": "/".join(joined(sides) for sides in config.anchors),
        "strides": joined(config.strides, "/"),
        "variances": joined(VARIANCES),
        "channel_order": "bgr",
        "mean": joined(MEAN_BGR),
        "scale": "1",
        "stem_stride": str(config.stem_stride),
        "block_strides": joined(config.block_strides),
        "taps": joined(TAPS),
    }


def write(path: str | os.PathLike, network: RetinaFace) -> dict[str, numpy.ndarray]:
    """Folds a network and writes it, whole or not at all; returns what was written. Equal networks give equal bytes.

    Raises ModelFileError where weights are not finite, and OSError.
    """
    path = Path(path)
    tensors = folded_tensors(network)
    for name, tensor in tensors.items():
        if not numpy.isfinite(tensor).all():
            raise ModelFileError(f"layer '{name}' has values that are not finite; take an earlier checkpoint")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(_ordered(safetensors.numpy.save(tensors, metadata=metadata(network.config))))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return tensors


def _ordered(content: bytes) -> bytes:
    """The same file with its header sorted: the library writes metadata in random order."""
    length = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[8 + length:]


def read(path: str | os.PathLike) -> tuple[dict[str, numpy.ndarray], NetworkConfig]:
    """Tensors and configuration of a file that `write` made. Raises ModelFileError for any other."""
    _refuse_duplicates(path)
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            facts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (safetensors.SafetensorError, OSError, TypeError) as error:
        raise ModelFileError(f"{path}: not a readable safetensors file: {error}") from None
    config = _config(facts, path)
    _check_tensors(tensors, config, path)
    return tensors, config


def _refuse_duplicates(path: str | os.PathLike) -> None:
    """Refuses a header with a key twice, which readers understand in two ways. Other faults are left to the reader of safetensors."""
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ModelFileError(f"{path}: not a readable safetensors file: its header has '{name}' twice")
            seen.add(name)
        return dict(pairs)
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            json.loads(file.read(min(length, os.fstat(file.fileno()).st_size)), object_pairs_hook=unique)
    except ModelFileError:
        raise
    except (OSError, ValueError, RecursionError):
        pass


def _config(facts: dict[str, str], path: str | os.PathLike) -> NetworkConfig:
    hint = "write the file with python -m retinaface_training.export"
    if missing := metadata(NetworkConfig()).keys() - facts.keys():
        raise ModelFileError(f"{path}: metadata '{min(missing)}' is missing; {hint}")
    try:
        config = NetworkConfig(facts["activation"], parse_anchors(facts["anchors"]), int(facts["stem_stride"]))
    except ValueError as error:
        raise ModelFileError(f"{path}: metadata: {error}; {hint}") from None
    for key, value in metadata(config).items():
        if facts[key] != value:
            raise ModelFileError(f"{path}: metadata '{key}' is {facts[key]!r}, needed {value!r}; {hint}")
    return config


def _check_tensors(tensors: dict[str, numpy.ndarray], config: NetworkConfig, path: str | os.PathLike) -> None:
    with torch.device("meta"):
        skeleton = RetinaFace(config)
    # An uninitialised copy has the shapes without the cost of random weights.
    expected = {name: tensor.shape for name, tensor in folded_tensors(skeleton.to_empty(device="cpu")).items()}
    if different := expected.keys() ^ tensors.keys():
        name = min(different)
        raise ModelFileError(f"{path}: tensor '{name}' {'is missing' if name in expected else 'belongs to no layer'}")
    for name, shape in expected.items():
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != numpy.float32:
            raise ModelFileError(f"{path}: tensor '{name}' is {tensor.dtype} {tensor.shape}, needed float32 {shape}")
        if not numpy.isfinite(tensor).all():
            raise ModelFileError(f"{path}: tensor '{name}' has values that are not finite")
