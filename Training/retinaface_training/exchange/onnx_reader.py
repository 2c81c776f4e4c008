"""Reads a RetinaFace MobileNet-0.25 from an ONNX graph: those of biubug6's convert_to_onnx.py (opset 9 and later, any size, batch norms
folded or not), and our own.

The nodes between the picture and the three outputs become a PyTorch module that `walk.export_graph` can record; nodes that only compute
shapes are left out, since upsampling follows the sizes of maps. The graph of the module is then compared with the graph of our RetinaFace
(onnx_match.py). The file is untrusted: sizes are limited, and every operation that has no meaning here is an error.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from ..network.anchors import MEAN_BGR, VARIANCES
from ..network.config import STRIDES, parse_anchors
from . import graph as graphs
from .graph import ROLES, Description, Graph, Level, ModelFileError
from .onnx_match import match
from .onnx_writer import DESCRIPTION_KEY
from .walk import export_graph

MOST_BYTES = 1 << 28
MOST_NODES = 8192
MOST_NUMBERS = 4_000_000
"""In all constants: RetinaFace MobileNet-0.25 has 0.43 million."""

PUBLISHED_ANCHORS = {False: "10,20/32,64/128,256", True: "16,32/64,128/256,512"}
"""Anchors of biubug6's two repositories, which no ONNX graph contains: by whether the network has leaky ReLUs."""

_Step = Callable[[nn.Module, dict[str, Tensor]], Tensor]
"""Computes a feature map from the module with the layers and the maps before."""

_ROWS = (0, 2, 3, 1)
_KEPT = ("Identity", "Dropout", "Cast")


@dataclass(frozen=True)
class Imported:
    """A network from an ONNX file: its graph, its weights, and the origin of its anchors, for a message."""

    graph: Graph
    tensors: dict[str, numpy.ndarray]
    origin: str


def read(path: str | os.PathLike, anchors: str | None = None) -> Imported:
    """Reads an ONNX file. `anchors`: sides per level such as "16,32/64,128/256,512", instead of those of the file or the published ones.

    Raises ModelFileError.
    """
    try:
        model = _load(Path(path))
        module = _Module(model.graph)
        description, origin = _description(model, module, anchors)
        graph, tensors = match(*export_graph(module))
        graph = graphs.parse(replace(graph, description=description).to_json())  # checks the range of every value
        graph.check({name: tensor.shape for name, tensor in tensors.items()})
        return Imported(graph, tensors, origin)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None


def _load(path: Path) -> onnx.ModelProto:
    """Reads the file, and the file beside it that PyTorch's newer exporter writes, up to MOST_BYTES."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ModelFileError(f"has more than {MOST_BYTES >> 20} MiB: is no RetinaFace MobileNet-0.25")
        model = onnx.load_model(path, load_external_data=False)
        for constant in model.graph.initializer:
            for fact in constant.external_data:
                if fact.key == "location" and (path.parent / fact.value).stat().st_size > MOST_BYTES:
                    raise ModelFileError(f"its data file '{fact.value}' has more than {MOST_BYTES >> 20} MiB")
        onnx.load_external_data_for_model(model, str(path.parent))
    except DecodeError:
        raise ModelFileError("is not an ONNX file") from None
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise (
            error if isinstance(error, ModelFileError) else ModelFileError(f"cannot be read: {' '.join(str(error).split())[:200]}")
        ) from None
    if not model.graph.node:
        raise ModelFileError("is not an ONNX file: has no nodes")
    if len(model.graph.node) > MOST_NODES:
        raise ModelFileError(f"has {len(model.graph.node)} nodes, more than {MOST_NODES}: is no RetinaFace MobileNet-0.25")
    return model


def _description(model: onnx.ModelProto, module: _Module, anchors: str | None) -> tuple[Description, str]:
    """Returns the facts that the graph does not hold, and where its anchors come from."""
    stored = next((fact.value for fact in model.metadata_props if fact.key == DESCRIPTION_KEY), None)
    if anchors is None and stored is not None:
        description, origin = _stored_description(stored), "from the file"
    else:
        text = anchors or PUBLISHED_ANCHORS[module.is_leaky]
        try:
            sides = parse_anchors(text)
        except ValueError as error:
            raise ModelFileError(str(error)) from None
        if len(sides) != len(STRIDES):
            raise ModelFileError(f"anchors {text!r}: need sides for each of {len(STRIDES)} levels")
        levels = tuple(Level(stride, tuple(level)) for stride, level in zip(STRIDES, sides, strict=True))
        description = Description("bgr", MEAN_BGR, 1, VARIANCES, levels)
        repository = "Pytorch_Retinaface" if module.is_leaky else "Face-Detector-1MB-with-landmark"
        origin = "given" if anchors else f"assumed, as in biubug6/{repository}; --anchors names others"
    counts = [len(level.anchors) for level in description.levels]
    if counts != [module.anchors] * len(counts):
        raise ModelFileError(f"its heads have {module.anchors} anchors per pixel; name as many sides per level with --anchors")
    return description, origin


def _stored_description(text: str) -> Description:
    """Parses the description that our exporter stores."""
    try:
        facts = json.loads(text)
        levels = tuple(Level(level["stride"], tuple(level["anchors"])) for level in facts["levels"])
        return Description(facts["order"], tuple(facts["mean"]), facts["scale"], tuple(facts["variances"]), levels)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelFileError(f"metadata '{DESCRIPTION_KEY}' cannot be used: {error}") from None


class _Module(nn.Module):
    """The data path of an ONNX graph as a module that `walk.export_graph` records.

    A value is the name of a feature map, an enlarged map, or rows: the values of feature maps by anchor.
    """

    def __init__(self, graph: onnx.GraphProto) -> None:
        super().__init__()
        self.constants = _constants(graph)
        self.steps: list[tuple[_Step, str]] = []
        self.channels: dict[str, int] = {}
        self.enlarged: dict[str, str] = {}
        self.rows: dict[str, list[str]] = {}
        self.slopes: list[float] = []
        self.image = _image(graph, self.constants)
        self.data = {self.image}
        for number, node in enumerate(graph.node):
            self._add(number, node)
        self.heads = self._heads(graph)
        self.anchors = self.channels[self.heads["class"][0]] // ROLES["class"]
        if not self.slopes:
            raise ModelFileError("has no activation: is no RetinaFace MobileNet-0.25")
        self.is_leaky = self.slopes[0] > 0
        # The graph does not hold these facts; `_description` replaces them.
        levels = tuple(Level(stride, tuple(range(1, self.anchors + 1))) for stride in STRIDES)
        self.description = Description("bgr", MEAN_BGR, 1, VARIANCES, levels)

    def maps(self, images: Tensor) -> dict[str, list[Tensor]]:
        values = {self.image: images}
        for execute, output in self.steps:
            values[output] = execute(self, values)
        return {role: [values[name] for name in names] for role, names in self.heads.items()}

    def _add(self, number: int, node: NodeProto) -> None:
        """Adds a node if it is part of the data path."""
        sources = [name for name in node.input if name in self.data]
        if not sources or node.op_type in ("Shape", "Size"):
            return
        place = f"node {number} ({node.op_type}{f' {node.name!r}' if node.name else ''})"
        handler = getattr(self, f"_add_{node.op_type.lower()}", None) if node.domain in ("", "ai.onnx") else None
        try:
            if node.op_type in _KEPT:
                self._keep(node, sources[0])
            elif handler is None:
                raise ModelFileError("is no operation of a RetinaFace MobileNet-0.25 in float32")
            else:
                handler(node, sources)
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            text = (
                str(error)
                if isinstance(error, ModelFileError)
                else f"has unusable inputs or attributes ({' '.join(str(error).split())[:100]})"
            )
            raise ModelFileError(f"{place}: {text}") from None
        self.data.add(node.output[0])

    def _keep(self, node: NodeProto, source: str) -> None:
        if node.op_type == "Cast" and _attributes(node)["to"] != TensorProto.FLOAT:
            raise ModelFileError("converts to another type than float32")
        for kind in (self.rows, self.enlarged):
            if source in kind:
                kind[node.output[0]] = kind[source]
                return
        self._step(node, lambda module, values: values[source], self.channels.get(source, 3))

    def _add_conv(self, node: NodeProto, sources: list[str]) -> None:
        facts, weight = _attributes(node), self.constants[node.input[1]]
        bias = self.constants[node.input[2]] if len(node.input) > 2 and node.input[2] else None
        pads, strides, dilations = facts.get("pads", [0] * 4), facts.get("strides", [1, 1]), facts.get("dilations", [1, 1])
        plain = facts.get("auto_pad", b"NOTSET") == b"NOTSET" and weight.ndim == 4
        if not plain or len({*pads}) != 1 or len({*strides}) != 1 or {*dilations} != {1} or weight.shape[2:] != (*facts["kernel_shape"],):
            raise ModelFileError("needed: a 2-D kernel, equal strides, equal padding on all sides, no dilation")
        if not 0 < strides[0] <= graphs.LARGEST_STRIDE or not 0 <= pads[0] < min(weight.shape[2:]) <= graphs.LARGEST_KERNEL:
            raise ModelFileError(f"stride {strides[0]}, padding {pads[0]} and kernel {weight.shape[2:]} are out of range")
        groups = facts.get("group", 1)
        layer = nn.Conv2d(weight.shape[1] * groups, len(weight), weight.shape[2:], strides[0], pads[0], 1, groups, bias is not None)
        self._load(layer, {"weight": weight} | ({} if bias is None else {"bias": bias}))
        if self.channels.get(sources[0], 3) != layer.in_channels or sources[0] != node.input[0]:
            raise ModelFileError(f"reads {layer.in_channels} channels, got {self.channels.get(sources[0], 3)}")
        self._call(node, sources[0], layer, len(weight))

    def _add_batchnormalization(self, node: NodeProto, sources: list[str]) -> None:
        scale, bias, mean, variance = (self.constants[name] for name in node.input[1:5])
        layer = nn.BatchNorm2d(len(scale), eps=_decimal(_attributes(node).get("epsilon", 1e-5)))
        self._load(layer, {"weight": scale, "bias": bias, "running_mean": mean, "running_var": variance})
        self._call(node, sources[0], layer, len(scale))

    def _add_relu(self, node: NodeProto, sources: list[str]) -> None:
        self._activate(node, sources[0], 0.0)

    def _add_leakyrelu(self, node: NodeProto, sources: list[str]) -> None:
        self._activate(node, sources[0], _decimal(_attributes(node).get("alpha", 0.01)))

    def _activate(self, node: NodeProto, source: str, slope: float) -> None:
        self.slopes.append(slope)
        self._step(node, lambda module, values: functional.leaky_relu(values[source], slope), self.channels[source])

    def _add_concat(self, node: NodeProto, sources: list[str]) -> None:
        if _attributes(node)["axis"] != 1 or len(sources) != len(node.input):
            raise ModelFileError("concatenates something other than channels or anchors")
        if all(name in self.rows for name in sources):
            self.rows[node.output[0]] = [part for name in sources for part in self.rows[name]]
        else:
            self._step(
                node,
                lambda module, values: torch.cat([values[name] for name in sources], dim=1),
                sum(self.channels[name] for name in sources),
            )

    def _add_resize(self, node: NodeProto, sources: list[str]) -> None:
        if _attributes(node).get("mode", b"nearest") != b"nearest" or sources[0] not in self.channels:
            raise ModelFileError("is not the nearest upsampling of a feature map")
        self.enlarged[node.output[0]] = sources[0]

    _add_upsample = _add_resize

    def _add_add(self, node: NodeProto, sources: list[str]) -> None:
        coarse = [self.enlarged[name] for name in sources if name in self.enlarged]
        fine = [name for name in sources if name in self.channels]
        if (len(coarse), len(fine)) != (1, 1):
            raise ModelFileError("adds something other than an enlarged feature map and another")

        def execute(module: nn.Module, values: dict[str, Tensor]) -> Tensor:
            return values[fine[0]] + functional.interpolate(values[coarse[0]], size=values[fine[0]].shape[2:], mode="nearest")

        self._step(node, execute, self.channels[fine[0]])

    def _add_transpose(self, node: NodeProto, sources: list[str]) -> None:
        if tuple(_attributes(node)["perm"]) != _ROWS or sources[0] not in self.channels:
            raise ModelFileError("is not the order N, H, W, C of a feature map")
        self.rows[node.output[0]] = [sources[0]]

    def _add_reshape(self, node: NodeProto, sources: list[str]) -> None:
        self.rows[node.output[0]] = self.rows[sources[0]]

    _add_softmax = _add_reshape

    def _step(self, node: NodeProto, execute: _Step, channels: int) -> None:
        self.steps.append((execute, node.output[0]))
        self.channels[node.output[0]] = channels

    def _call(self, node: NodeProto, source: str, layer: nn.Module, channels: int) -> None:
        name = f"layer{len(self.steps)}"
        self.add_module(name, layer)
        self._step(node, lambda module, values: getattr(module, name)(values[source]), channels)

    @staticmethod
    def _load(layer: nn.Module, tensors: dict[str, numpy.ndarray]) -> None:
        for name, values in tensors.items():
            if values.dtype != numpy.float32 or not numpy.isfinite(values).all():
                raise ModelFileError(f"its {name} is {values.dtype}, needed finite float32 numbers")
        layer.load_state_dict({name: torch.from_numpy(values.copy()) for name, values in tensors.items()}, strict=False)

    def _heads(self, graph: onnx.GraphProto) -> dict[str, list[str]]:
        """Returns the maps of the outputs by role: per anchor a head has 2, 4 or 10 channels, in any order."""
        outputs = [output.name for output in graph.output]
        if len(outputs) != len(ROLES) or any(name not in self.rows for name in outputs):
            raise ModelFileError(
                f"has the outputs {', '.join(outputs)[:100]}; needed boxes, scores and landmarks, not decoded, ordered by anchor"
            )
        parts = sorted((self.rows[name] for name in outputs), key=lambda names: self.channels[names[0]])
        heads = dict(zip(ROLES, parts, strict=True))
        anchors = {(self.channels[name] / ROLES[role], len(names)) for role, names in heads.items() for name in names}
        if len(anchors) != 1 or next(iter(anchors)) not in [(count, len(STRIDES)) for count in range(1, graphs.MOST_ANCHORS + 1)]:
            raise ModelFileError("its heads do not have 2, 4 and 10 channels per anchor, on 3 levels, with the same number of anchors")
        return heads


def _image(graph: onnx.GraphProto, constants: Iterable[str]) -> str:
    """Returns the name of the only input: float32, 3 channels."""
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise ModelFileError(f"has {len(inputs)} inputs, needed one picture")
    tensor = inputs[0].type.tensor_type
    lengths = [dimension.dim_value for dimension in tensor.shape.dim]
    if tensor.elem_type != TensorProto.FLOAT or len(lengths) != 4 or lengths[1] not in (0, 3):
        raise ModelFileError(f"its input '{inputs[0].name}' is not float32 N x 3 x H x W (export graphs of ours without --uint8)")
    return inputs[0].name


def _constants(graph: onnx.GraphProto) -> dict[str, numpy.ndarray]:
    """Returns the constants of a graph: initializers, Constant nodes, and Identity nodes, which PyTorch adds for equal initializers."""
    tensors = {constant.name: constant for constant in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            tensors[node.output[0]] = node.attribute[0].t
        elif node.op_type == "Identity" and node.input[0] in tensors:
            tensors[node.output[0]] = tensors[node.input[0]]
    if any(length < 0 for tensor in tensors.values() for length in tensor.dims):
        raise ModelFileError("a constant has a negative length")
    count = sum(math.prod(tensor.dims) for tensor in tensors.values())
    if count > MOST_NUMBERS:
        raise ModelFileError(f"has {count} numbers, more than {MOST_NUMBERS}: is no RetinaFace MobileNet-0.25")
    try:
        return {name: numpy_helper.to_array(tensor) for name, tensor in tensors.items()}
    except (ValueError, TypeError, KeyError) as error:
        raise ModelFileError(f"a constant cannot be read: {' '.join(str(error).split())[:200]}") from None


def _decimal(value: float) -> float:
    """Returns the shortest decimal number that is this float32 number, such as 0.1, as PyTorch had it."""
    return float(str(numpy.float32(value)))


def _attributes(node: NodeProto) -> dict[str, object]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
