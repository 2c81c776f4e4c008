"""Finds the weights in checkpoints of any form: bare, or wrapped by a training loop, by Lightning, DataParallel or torch.compile.

A checkpoint may store the same tensors under many names. An unknown form is refused with a list of its keys.
"""

from __future__ import annotations

import argparse
import pathlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

_WRAPPER_PARTS = ("module", "_orig_mod")
"""Name parts that DataParallel and torch.compile insert, in front of the network or of a part of it."""

_HARMLESS = [argparse.Namespace, pathlib.PosixPath, pathlib.PurePosixPath]
"""Types that training scripts store beside the weights (their options). They execute nothing when they are read."""

_MOST_DEPTH = 4
_MOST_KEYS = 8


class CheckpointError(ValueError):
    """A checkpoint that cannot be used. The message names the file and a remedy."""


def read_checkpoint(path: str | Path) -> object:
    """Reads a file of torch.save: weights and plain values; executes nothing in it. Raises CheckpointError."""
    try:
        with torch.serialization.safe_globals(_HARMLESS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can cause any error in the unpickler
        if "was not an allowed global" in str(error):
            raise CheckpointError(
                f"{path}: contains Python objects besides the weights; save only the weights: torch.save(model.state_dict(), FILE)"
            ) from None
        raise CheckpointError(f"{path}: not a PyTorch checkpoint ({error})") from error


def find_weights(checkpoint: object, marker: str, path: str | Path) -> dict[str, Tensor]:
    """Returns the state dictionary in a checkpoint, with the network's own names.

    `marker`: a first name part that only this kind of network has, such as body. It is searched for in dictionaries at any depth (model,
    state_dict, ema, ...) and behind any prefix (module., model., _orig_mod., ...). Tensors outside its dictionary and prefix
    (optimisers, losses) are left out. Averaged weights (ema or average in a key or prefix) are preferred, as in this
    project's checkpoints. Raises CheckpointError.
    """
    found = dict(_states(checkpoint, (), marker, path))
    if not found:
        raise CheckpointError(f"{path}: has no weights of a known network, whose names start with {marker}; {describe_keys(checkpoint)}")
    averaged = [place for place in found if any(word in place.lower() for word in ("ema", "average"))]
    places = averaged or list(found)
    if len(places) > 1:
        names = ", ".join(places[:_MOST_KEYS])
        raise CheckpointError(f"{path}: holds several networks ({names}): save only the one that you need with torch.save")
    return found[places[0]]


def has_weights(checkpoint: object, marker: str) -> bool:
    """Returns True if `find_weights` finds one network or more."""
    return next(_states(checkpoint, (), marker, ""), None) is not None


def describe_keys(checkpoint: object) -> str:
    """Lists the keys of a checkpoint, for a message."""
    if not isinstance(checkpoint, Mapping):
        return f"it is a {type(checkpoint).__name__}, not a dictionary of tensors"
    keys = list(_keys(checkpoint, ""))
    tensors = any(isinstance(value, Tensor) for _, value in keys)
    names = ", ".join(name for name, _ in keys[:_MOST_KEYS]) + (", ..." if len(keys) > _MOST_KEYS else "")
    return f"its keys are {names or 'none'}" + ("" if tensors else "; it holds no dictionary of tensors")


def _keys(checkpoint: Mapping, prefix: str) -> Iterator[tuple[str, object]]:
    """Lists keys, those of inner dictionaries as PLACE/KEY."""
    for key, value in checkpoint.items():
        if isinstance(value, Mapping) and value and prefix.count("/") < _MOST_DEPTH:
            yield from _keys(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value


def _states(content: object, place: tuple[str, ...], marker: str, path: str | Path) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Yields places and state dictionaries that have the marker, in a dictionary and those inside it."""
    if not isinstance(content, Mapping) or len(place) > _MOST_DEPTH:
        return
    tensors = _plain_names(content, path)
    prefixes = dict.fromkeys(found.group(1) for name in tensors if (found := re.match(rf"((?:[^.]+\.)*?){re.escape(marker)}\.", name)))
    for prefix in prefixes:
        others = tuple(other for other in prefixes if other != prefix and other.startswith(prefix))
        state = {
            name.removeprefix(prefix): value
            for name, value in tensors.items()
            if name.startswith(prefix) and not (others and name.startswith(others)) and name != "n_averaged"
        }
        yield "/".join((*place, prefix.rstrip("."))).strip("/") or "the file itself", state
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _states(value, (*place, str(key)), marker, path)


def _plain_names(content: Mapping, path: str | Path) -> dict[str, Tensor]:
    """Returns the tensors, without the parts of names that DataParallel and torch.compile insert."""
    plain: dict[str, Tensor] = {}
    for key, value in content.items():
        if isinstance(value, Tensor):
            name = ".".join(part for part in str(key).split(".") if part not in _WRAPPER_PARTS)
            if name in plain:
                raise CheckpointError(f"{path}: holds {name} twice, once as {key}: save only one network with torch.save")
            plain[name] = value
    return plain
