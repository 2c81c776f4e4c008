"""Reads and writes the exchange file between PyTorch and rf-pack: float32 weights in a safetensors file, and the graph of the network.

Its `__metadata__` has two keys: "format" ("retinaface-2") and "graph" (JSON, see graph.py). rf-pack checks the same.
Reading needs no PyTorch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy
import safetensors
import safetensors.numpy

from . import graph as graphs
from .graph import Graph, ModelFileError

if TYPE_CHECKING:
    from torch import nn

FORMAT = "retinaface-2"


def write(path: str | os.PathLike, module: nn.Module) -> tuple[Graph, dict[str, numpy.ndarray]]:
    """Exports a module (walk.Exportable), completely or not at all; returns the file's contents. Equal networks give equal bytes.

    Raises ModelFileError where the module cannot be exported or a weight is not finite, and OSError.
    """
    from .walk import export_graph

    graph, tensors = export_graph(module)
    save(path, graph, tensors)
    return graph, tensors


def save(path: str | os.PathLike, graph: Graph, tensors: Mapping[str, numpy.ndarray]) -> None:
    """Writes a graph and its weights (`walk.export_graph`), completely or not at all. Raises as `write`."""
    for name, tensor in tensors.items():
        if not numpy.isfinite(tensor).all():
            raise ModelFileError(f"tensor '{name}' has values that are not finite; take an earlier checkpoint")
    write_whole(path, _ordered(safetensors.numpy.save(dict(tensors), metadata={"format": FORMAT, "graph": graph.to_json()})))


def write_whole(path: str | os.PathLike, content: bytes) -> None:
    """Writes a file, completely or not at all. Raises OSError."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _ordered(content: bytes) -> bytes:
    """Returns the same file with its header sorted: the library writes metadata in random order."""
    length = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def read(path: str | os.PathLike) -> tuple[Graph, dict[str, numpy.ndarray]]:
    """Reads a file that `write` made, and checks all of it. Raises ModelFileError for any other."""
    try:
        _refuse_duplicates(path)
        with safetensors.safe_open(path, framework="numpy") as file:
            graph = _graph(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        for name, tensor in tensors.items():
            if tensor.dtype != numpy.float32:
                raise ModelFileError(f"tensor '{name}' is {tensor.dtype}, needed float32")
            if not numpy.isfinite(tensor).all():
                raise ModelFileError(f"tensor '{name}' has values that are not finite")
        graph.check({name: tensor.shape for name, tensor in tensors.items()})
    except (safetensors.SafetensorError, OSError, TypeError) as error:
        raise ModelFileError(f"{path}: not a readable safetensors file: {error}") from None
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    return graph, tensors


def _graph(facts: dict[str, str]) -> Graph:
    found = facts.get("format")
    if found == "retinaface-1":
        raise ModelFileError(
            "is an exchange file of version 1; export the checkpoint again: python -m retinaface_training.export CHECKPOINT --output FILE"
        )
    if found != FORMAT:
        raise ModelFileError(f"metadata 'format' is {found!r}, needed {FORMAT!r}; write the file with python -m retinaface_training.export")
    if facts.keys() != {"format", "graph"}:
        raise ModelFileError(f"metadata has the keys {', '.join(sorted(facts))}, needed format and graph")
    return graphs.parse(facts["graph"])


def _refuse_duplicates(path: str | os.PathLike) -> None:
    """Refuses a header that has a key twice, which readers understand in two ways. Leaves other faults to the reader of safetensors."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(min(length, os.fstat(file.fileno()).st_size))
    try:
        json.loads(header, object_pairs_hook=graphs.unique_keys)
    except ModelFileError as error:
        raise ModelFileError(f"not a readable safetensors file: its header {error}") from None
    except (ValueError, RecursionError):
        pass
