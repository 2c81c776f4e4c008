"""The graph of a network as data: layers in order of execution, feature maps by name, heads and levels.

The exchange file stores it as JSON (`to_json`, `parse`); `check` compares it with the weights. It names operations and no architecture.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

INPUT = "input"
"""The tensor that the picture fills: 3 channels."""

ROLES = {"class": 2, "box": 4, "landmarks": 10}
"""Roles of heads and their values per anchor."""

CONV, DEPTHWISE_CONV, UPSAMPLE_ADD = "conv", "depthwise_conv", "upsample_add"
MOST_ANCHORS, LARGEST_KERNEL, LARGEST_STRIDE = 8, 15, 8


class ModelFileError(ValueError):
    """A file of weights, or an option about it, cannot be used. The message states the place, the problem and a remedy."""


@dataclass(frozen=True)
class Level:
    """Anchors of a level: `stride` in input pixels per pixel, and the sides of the square anchors in input pixels."""

    stride: int
    anchors: tuple[float, ...]


@dataclass(frozen=True)
class Description:
    """The facts about a network that its modules do not hold.

    The input is (byte - mean) * scale, channels in `order` ("bgr" or "rgb"); levels are finest first. `variances`: of centres and
    landmarks, and of sizes (`anchors.decode_boxes`).
    """

    order: str
    mean: tuple[float, float, float]
    scale: float
    variances: tuple[float, float]
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Layer:
    """One operation.

    conv and depthwise_conv (3x3) have zero padding and the activation max(v, slope * v), and write their channels of `output` from
    `channel` on; `output` None: computed only at requested pixels. upsample_add adds inputs[1], enlarged to the size of inputs[0]
    (nearest), to inputs[0] in place.
    """

    name: str
    operation: str
    inputs: tuple[str, ...]
    output: str | None
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padding: int = 0
    slope: float = 1
    channel: int = 0


@dataclass(frozen=True)
class Head:
    """The layer that computes one role of one level."""

    role: str
    level: int
    layer: str


@dataclass(frozen=True)
class Graph:
    """A network without its weights."""

    description: Description
    layers: tuple[Layer, ...]
    heads: tuple[Head, ...]

    def to_json(self) -> str:
        """Returns the graph as compact JSON with sorted keys; equal graphs give equal text."""
        facts = self.description
        record = {
            "input": {"channels": 3, "order": facts.order, "mean": facts.mean, "scale": facts.scale, "tensor": INPUT},
            "variances": facts.variances,
            "layers": [_layer_record(layer) for layer in self.layers],
            "levels": [dataclasses.asdict(level) for level in facts.levels],
            "heads": [dataclasses.asdict(head) for head in self.heads],
        }
        return json.dumps(_short(record), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Checks that layers, heads and the shapes of the weights fit together. Raises ModelFileError."""
        _Checker(self, shapes).check()


def _layer_record(layer: Layer) -> dict[str, object]:
    record = dataclasses.asdict(layer)
    unused = (
        ("kernel", "stride", "padding", "slope", "channel")
        if layer.operation == UPSAMPLE_ADD
        else ("channel",)
        if layer.channel == 0
        else ()
    )
    return {key: value for key, value in record.items() if key not in unused}


def _short(value: object) -> object:
    """The same value with whole numbers as integers."""
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Checker:
    """Follows the layers and counts the channels of every tensor."""

    def __init__(self, graph: Graph, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.graph, self.shapes = graph, shapes
        self.channels = {INPUT: 3}
        self.complete = {INPUT}
        self.outputs: dict[str, tuple[Layer, int]] = {}

    def check(self) -> None:
        for layer in self.graph.layers:
            if layer.name in self.outputs:
                self._fail(layer, "another layer has its name")
            for name in layer.inputs:
                if name not in self.channels:
                    self._fail(layer, f"reads '{name}' before a layer writes it")
            written = self._check_sum(layer) if layer.operation == UPSAMPLE_ADD else self._check_conv(layer)
            self.complete.update(layer.inputs)
            self.outputs[layer.name] = (layer, written)
        convolutions = [layer.name for layer in self.graph.layers if layer.operation != UPSAMPLE_ADD]
        expected = {f"{name}.{part}" for name in convolutions for part in ("weight", "bias")}
        if extra := self.shapes.keys() - expected:
            raise ModelFileError(f"tensor '{min(extra)}' belongs to no layer")
        self._check_heads()

    def _check_sum(self, layer: Layer) -> int:
        fine, coarse = layer.inputs
        if layer.output != fine or fine == coarse or fine == INPUT:
            self._fail(layer, "adds in place: the output is the first input and not the second")
        if fine in self.complete:
            self._fail(layer, f"changes '{fine}' after a layer read it")
        if self.channels[fine] != self.channels[coarse]:
            self._fail(layer, f"adds {self.channels[coarse]} channels to {self.channels[fine]}")
        return self.channels[fine]

    def _check_conv(self, layer: Layer) -> int:
        read = self.channels[layer.inputs[0]]
        weight, bias = self._shape(f"{layer.name}.weight", 4), self._shape(f"{layer.name}.bias", 1)
        written = bias[0]
        is_depthwise = layer.operation == DEPTHWISE_CONV
        expected = (written, 1 if is_depthwise else read, *layer.kernel)
        if weight != expected or written == 0 or (is_depthwise and (written != read or layer.kernel != (3, 3))):
            self._fail(layer, f"its weights have shape {weight}, needed {expected}")
        if layer.padding >= min(layer.kernel):
            self._fail(layer, "its padding is not below the kernel's size")
        if layer.output is None:
            if (layer.operation, layer.kernel, layer.stride, layer.slope) != (CONV, (1, 1), 1, 1):
                self._fail(layer, "only a 1x1 convolution without activation can have no output tensor")
            return written
        if layer.output in self.complete or layer.output in layer.inputs:
            self._fail(layer, f"writes '{layer.output}' after a layer read it")
        if layer.channel != self.channels.get(layer.output, 0) or (is_depthwise and layer.channel):
            self._fail(
                layer, f"writes '{layer.output}' from channel {layer.channel}; {self.channels.get(layer.output, 0)} are written before it"
            )
        self.channels[layer.output] = layer.channel + written
        return written

    def _shape(self, name: str, rank: int) -> tuple[int, ...]:
        if name not in self.shapes:
            raise ModelFileError(f"tensor '{name}' is missing")
        if len(self.shapes[name]) != rank:
            raise ModelFileError(f"tensor '{name}' has shape {self.shapes[name]}, needed {rank} dimensions")
        return self.shapes[name]

    def _check_heads(self) -> None:
        levels = self.graph.description.levels
        found = sorted((head.level, head.role) for head in self.graph.heads)
        if found != sorted((level, role) for level in range(len(levels)) for role in ROLES):
            raise ModelFileError(f"heads: needed one of each role ({', '.join(ROLES)}) per level")
        features: dict[int, str] = {}
        for head in self.graph.heads:
            if head.layer not in self.outputs:
                raise ModelFileError(f"heads: there is no layer '{head.layer}'")
            layer, written = self.outputs[head.layer]
            if written != ROLES[head.role] * len(levels[head.level].anchors):
                self._fail(layer, f"has {written} channels, needed {ROLES[head.role]} per anchor")
            shape = (layer.operation, layer.kernel, layer.stride, layer.slope, layer.channel)
            if shape != (CONV, (1, 1), 1, 1, 0) or (layer.output is None) == (head.role == "class"):
                self._fail(layer, "a head is a 1x1 convolution without activation; only class heads have an output tensor")
            if layer.output is not None and (self.channels[layer.output] != written or layer.output in self.complete):
                self._fail(layer, "a class head has an output tensor of its own")
            if features.setdefault(head.level, layer.inputs[0]) != layer.inputs[0]:
                self._fail(layer, "the heads of a level read the same tensor")
        sparse = {layer.name for layer in self.graph.layers if layer.output is None}
        if unused := sparse - {head.layer for head in self.graph.heads}:
            raise ModelFileError(f"layer '{min(unused)}': has no output tensor and is no head")

    @staticmethod
    def _fail(layer: Layer, problem: str) -> None:
        raise ModelFileError(f"layer '{layer.name}': {problem}")


def parse(text: str) -> Graph:
    """Reads a graph from JSON: every key once, of the right type and in its range. Raises ModelFileError."""
    try:
        document = json.loads(text, object_pairs_hook=unique_keys, parse_constant=_refuse_constant)
    except ModelFileError:
        raise
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"graph: is not JSON: {error}") from None
    record = _Record(document, "graph", {"input", "variances", "layers", "levels", "heads"})
    picture = _Record(record.values["input"], "input", {"channels", "order", "mean", "scale", "tensor"})
    if picture.get("channels") != 3 or picture.get("tensor") != INPUT or picture.get("order") not in ("bgr", "rgb"):
        raise ModelFileError("graph: input: needed 3 channels, order bgr or rgb, tensor input")
    levels = tuple(_level(part, f"level {index}") for index, part in enumerate(record.list("levels", 1, 8)))
    if any(fine.stride >= coarse.stride for fine, coarse in zip(levels, levels[1:], strict=False)):
        raise ModelFileError("graph: levels: strides do not ascend")
    description = Description(
        order=picture.get("order"),
        mean=picture.numbers("mean", 3, -1e6, 1e6),
        scale=picture.number("scale", 1e-6, 1e6),
        variances=record.numbers("variances", 2, 1e-6, 1e6),
        levels=levels,
    )
    layers = tuple(_layer(part, f"layer {index}") for index, part in enumerate(record.list("layers", 1, 4096)))
    heads = tuple(_head(part, f"head {index}") for index, part in enumerate(record.list("heads", 1, 24)))
    return Graph(description, layers, heads)


def unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON; raises ModelFileError where it has a key twice, which readers understand in two ways."""
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        raise ModelFileError(f"has '{next(name for name in names if names.count(name) > 1)}' twice")
    return record


def _refuse_constant(name: str) -> float:
    raise ModelFileError(f"graph: has the number {name}")


def _layer(value: object, place: str) -> Layer:
    operation = value.get("operation") if isinstance(value, dict) else None
    if operation not in (CONV, DEPTHWISE_CONV, UPSAMPLE_ADD):
        raise ModelFileError(f"graph: {place}: operation {operation!r} is none of {CONV}, {DEPTHWISE_CONV}, {UPSAMPLE_ADD}")
    common = {"name", "operation", "inputs", "output"}
    if operation == UPSAMPLE_ADD:
        record = _Record(value, place, common)
        return Layer(record.name("name"), operation, record.names("inputs", 2), record.name("output"))
    record = _Record(value, place, common | {"kernel", "stride", "padding", "slope"}, {"channel"})
    return Layer(
        name=record.name("name"),
        operation=operation,
        inputs=record.names("inputs", 1),
        output=None if record.get("output") is None else record.name("output"),
        kernel=(record.integer("kernel", 1, LARGEST_KERNEL, 0), record.integer("kernel", 1, LARGEST_KERNEL, 1)),
        stride=record.integer("stride", 1, 2 if operation == DEPTHWISE_CONV else LARGEST_STRIDE),
        padding=record.integer("padding", 0, LARGEST_KERNEL - 1),
        slope=record.number("slope", 0, 1),
        channel=record.integer("channel", 0, 65536) if "channel" in record.values else 0,
    )


def _level(value: object, place: str) -> Level:
    record = _Record(value, place, {"stride", "anchors"})
    count = len(record.list("anchors", 1, MOST_ANCHORS))
    return Level(record.integer("stride", 1, 1024), record.numbers("anchors", count, 1e-3, 1e6))


def _head(value: object, place: str) -> Head:
    record = _Record(value, place, {"role", "level", "layer"})
    if record.get("role") not in ROLES:
        raise ModelFileError(f"graph: {place}: role {record.get('role')!r} is none of {', '.join(ROLES)}")
    return Head(record.get("role"), record.integer("level", 0, 7), record.name("layer"))


class _Record:
    """An object of JSON with exactly the keys `needed` and perhaps those in `optional`."""

    def __init__(self, value: object, place: str, needed: set[str], optional: set[str] = frozenset()) -> None:
        self.place = place
        if not isinstance(value, dict):
            raise ModelFileError(f"graph: {place}: is not an object")
        if missing := needed - value.keys():
            raise ModelFileError(f"graph: {place}: '{min(missing)}' is missing")
        if unknown := value.keys() - needed - optional:
            raise ModelFileError(f"graph: {place}: '{min(unknown)}' is unknown")
        self.values = value

    def get(self, key: str) -> object:
        return self._fail(key, "one value") if isinstance(self.values[key], (list, dict)) else self.values[key]

    def list(self, key: str, least: int, most: int) -> list[object]:
        value = self.values[key]
        return (
            value if isinstance(value, list) and least <= len(value) <= most else self._fail(key, f"a list of {least} to {most} elements")
        )

    def number(self, key: str, least: float, most: float, index: int | None = None) -> float:
        value = self.values[key] if index is None else self.values[key][index]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return value if is_number and least <= value <= most else self._fail(key, f"a number from {least:g} to {most:g}")

    def numbers(self, key: str, count: int, least: float, most: float) -> tuple[float, ...]:
        return tuple(self.number(key, least, most, index) for index in range(len(self.list(key, count, count))))

    def integer(self, key: str, least: int, most: int, index: int | None = None) -> int:
        if index is not None:
            self.list(key, 2, 2)
        value = self.number(key, least, most, index)
        return value if isinstance(value, int) else self._fail(key, "a whole number")

    def name(self, key: str) -> str:
        return self._named(self.values[key], key)

    def names(self, key: str, count: int) -> tuple[str, ...]:
        return tuple(self._named(value, key) for value in self.list(key, count, count))

    def _named(self, value: object, key: str) -> str:
        return (
            value
            if isinstance(value, str) and re.fullmatch(r"[!-~]{1,128}", value)
            else self._fail(key, "a name of 1 to 128 ASCII characters")
        )

    def _fail(self, key: str, expected: str) -> None:
        raise ModelFileError(f"graph: {self.place}: '{key}' is {str(self.values[key])[:80]!r}, needed {expected}")
