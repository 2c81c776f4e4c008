"""Compares a graph from another program with the graph of our RetinaFace, layer by layer, and gives it the names and the order of ours."""

from __future__ import annotations

import dataclasses

import numpy

from ..network.config import LEVELS, NetworkConfig
from ..network.retinaface import RetinaFace
from .graph import INPUT, UPSAMPLE_ADD, Graph, Layer, ModelFileError
from .walk import export_graph


def match(graph: Graph, tensors: dict[str, numpy.ndarray]) -> tuple[Graph, dict[str, numpy.ndarray]]:
    """Returns the same network with the names and the order of RetinaFace's layers. Raises ModelFileError for another network."""
    template, shapes = _template(graph, tensors)
    pairs = _pairs(template, {name: values.shape for name, values in shapes.items()}, graph, tensors)
    renamed = {
        f"{ours.name}.{part}": tensors[f"{theirs.name}.{part}"]
        for ours, theirs in pairs
        if ours.operation != UPSAMPLE_ADD
        for part in ("weight", "bias")
    }
    return template, renamed


def _template(graph: Graph, tensors: dict[str, numpy.ndarray]) -> tuple[Graph, dict[str, numpy.ndarray]]:
    """Returns the graph of a RetinaFace with the activation, the anchors per pixel and the stem of `graph`."""
    first = graph.layers[0]
    anchors = len(tensors[f"{next(head.layer for head in graph.heads if head.role == 'class')}.bias"]) // 2
    activation = "relu" if first.slope == 0 else f"leaky:{first.slope:g}"
    try:
        config = NetworkConfig(activation, (tuple(range(1, anchors + 1)),) * len(LEVELS), first.stride)
    except ValueError as error:
        raise ModelFileError(f"is no RetinaFace MobileNet-0.25: {error}") from None
    return export_graph(RetinaFace(config))


def _pairs(
    template: Graph, shapes: dict[str, tuple[int, ...]], graph: Graph, tensors: dict[str, numpy.ndarray]
) -> list[tuple[Layer, Layer]]:
    """Returns each layer of the template with the layer of `graph` that fits: same operation, reading what fits its inputs."""
    names = {INPUT: INPUT}
    left = list(graph.layers)
    roles = {head.layer: (head.role, head.level) for head in graph.heads}
    wanted = {head.layer: (head.role, head.level) for head in template.heads}
    pairs = []
    for ours in template.layers:
        expected = _facts(ours, shapes.get(f"{ours.name}.weight"), tuple(names[name] for name in ours.inputs), wanted.get(ours.name))
        found = [
            theirs
            for theirs in left
            if _facts(theirs, _shape(tensors, theirs), theirs.inputs, roles.get(theirs.name)) == expected
            and names.get(ours.output, theirs.output) == theirs.output
        ]
        if len(found) != 1:
            raise ModelFileError(f"is no RetinaFace MobileNet-0.25: {len(found)} of its layers fit '{ours.name}', needed one")
        left.remove(found[0])
        names[ours.output] = found[0].output
        pairs.append((ours, found[0]))
    if left:
        raise ModelFileError(f"is no RetinaFace MobileNet-0.25: it has {len(left)} more layers")
    return pairs


def _shape(tensors: dict[str, numpy.ndarray], layer: Layer) -> tuple[int, ...] | None:
    return None if layer.operation == UPSAMPLE_ADD else tensors[f"{layer.name}.weight"].shape


def _facts(layer: Layer, shape: tuple[int, ...] | None, inputs: tuple[str, ...], role: tuple[str, int] | None) -> tuple:
    """Everything about a layer but its name and its output's name."""
    return dataclasses.astuple(dataclasses.replace(layer, name="", inputs=inputs, output=None)), layer.output is None, shape, role
