"""Converts a PyTorch module to a graph and its weights, by operations and not by architecture.

A module that can be exported has two members: `description` (graph.Description) and `maps(images)`, which returns the raw head maps by role
(graph.ROLES), each a list, finest level first. torch.fx records `maps`; its operations become layers in their order:

- a convolution, and the batch norm and the activation that follow it, become one layer;
- a concatenation becomes slices of one tensor, and the activation after it those of the slices;
- nearest interpolation and addition become one addition in place.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from .folding import fold
from .graph import CONV, DEPTHWISE_CONV, INPUT, ROLES, UPSAMPLE_ADD, Description, Graph, Head, Layer, ModelFileError

SAMPLE_SIZE = (83, 101)
"""Height and width of the picture that the walk executes: odd, so that a network which enlarges by 2 instead of to a size is refused."""


class Exportable(Protocol):
    """A module that `export_graph` accepts."""

    @property
    def description(self) -> Description: ...

    def maps(self, images: Tensor) -> dict[str, list[Tensor]]: ...


def export_graph(module: nn.Module) -> tuple[Graph, dict[str, numpy.ndarray]]:
    """Returns the graph of an `Exportable` module and its weights: NAME.weight (OIHW) and NAME.bias, float32, batch norm folded.

    The module is used as in evaluation mode and does not change. Raises ModelFileError where an operation has no layer.
    """
    module = copy.deepcopy(module).cpu().float().eval()
    walk = _Walk(module, _trace(module))
    graph = walk.graph(module.description)
    tensors = {
        f"{draft.name}.{part}": value for draft in walk.drafts if draft.conv is not None for part, value in draft.constants().items()
    }
    graph.check({name: tensor.shape for name, tensor in tensors.items()})
    return graph, tensors


class _Tracer(fx.Tracer):
    traced_func_name = "maps"


class _Shapes(fx.Interpreter):
    """Executes a graph and notes the shape of every map at its node."""

    def run_node(self, node: fx.Node) -> object:
        result = super().run_node(node)
        if isinstance(result, Tensor):
            node.meta["shape"] = tuple(result.shape)
        return result


def _trace(module: nn.Module) -> fx.Graph:
    try:
        graph = _Tracer().trace(module)
        with torch.no_grad():
            _Shapes(module, graph=graph).run(torch.zeros(1, 3, *SAMPLE_SIZE))
    except (RuntimeError, TypeError, ValueError) as error:
        height, width = SAMPLE_SIZE
        raise ModelFileError(f"the network cannot be recorded at {width} x {height} pixels: {' '.join(str(error).split())[:200]}") from None
    return graph


@dataclass
class _Draft:
    """A layer that later operations still complete."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    output: str | None
    conv: nn.Conv2d | None = None
    norm: nn.BatchNorm2d | None = None
    slope: float = 1.0
    channel: int = 0

    def layer(self) -> Layer:
        if self.conv is None:
            return Layer(self.name, self.operation, self.inputs, self.output)
        size = {"kernel": self.conv.kernel_size, "stride": self.conv.stride[0], "padding": self.conv.padding[0]}
        return Layer(self.name, self.operation, self.inputs, self.output, **size, slope=self.slope, channel=self.channel)

    @torch.no_grad()
    def constants(self) -> dict[str, numpy.ndarray]:
        if self.norm is not None:
            weight, bias = fold(self.conv, self.norm)
        else:
            weight = self.conv.weight
            bias = torch.zeros(len(weight)) if self.conv.bias is None else self.conv.bias
        return {name: numpy.ascontiguousarray(values.float().numpy()) for name, values in (("weight", weight), ("bias", bias))}


@dataclass
class _Map:
    """A feature map. `drafts` write it, empty where they cannot change any more; `is_enlarged`: the map is `tensor`, interpolated."""

    tensor: str
    drafts: list[_Draft] = field(default_factory=list)
    is_enlarged: bool = False


class _Walk:
    """Follows the recorded operations once, in order."""

    def __init__(self, module: nn.Module, recorded: fx.Graph) -> None:
        self.module = module
        self.drafts: list[_Draft] = []
        self.maps: dict[fx.Node, _Map] = {}
        self.heads: list[Head] = []
        for node in recorded.nodes:
            if node.op == "placeholder":
                self.maps[node] = _Map(INPUT)
            elif node.op == "output":
                self._end(node.args[0])
            elif "shape" in node.meta:
                if not _readers(node):
                    self._fail(node, "nothing reads its result")
                self.maps[node] = self._handler(node)(node)

    def graph(self, description: Description) -> Graph:
        return Graph(description, tuple(draft.layer() for draft in self.drafts), tuple(self.heads))

    def _handler(self, node: fx.Node) -> Callable[[fx.Node], _Map]:
        key = type(self.module.get_submodule(node.target)) if node.op == "call_module" else node.target
        for keys, handler in (
            ((nn.Conv2d,), self._convolution),
            ((nn.BatchNorm2d,), self._norm),
            ((nn.ReLU, nn.LeakyReLU, torch.relu, torch.relu_, functional.relu, functional.leaky_relu, "relu", "relu_"), self._activation),
            ((torch.cat, torch.concat), self._concatenation),
            ((functional.interpolate, nn.Upsample), self._interpolation),
            ((operator.add, operator.iadd, torch.add, "add", "add_"), self._addition),
            ((nn.Identity, nn.Dropout, nn.Dropout2d, "contiguous"), self._pass),
        ):
            if key in keys:
                return handler
        name = key if isinstance(key, str) else key.__name__
        self._fail(
            node,
            f"operation {name} has no layer; needed: convolution, batch norm, (leaky) ReLU, concatenation, nearest interpolation + sum",
        )

    def _convolution(self, node: fx.Node) -> _Map:
        conv: nn.Conv2d = self.module.get_submodule(node.target)
        is_depthwise = conv.groups > 1
        if is_depthwise and not conv.groups == conv.in_channels == conv.out_channels:
            self._fail(node, f"convolution in {conv.groups} groups; only depthwise ones are known")
        is_plain = isinstance(conv.padding, tuple) and conv.padding_mode == "zeros" and conv.dilation == (1, 1)
        if not is_plain or len(set(conv.padding)) > 1 or len(set(conv.stride)) > 1:
            self._fail(node, "needed: equal stride and equal zero padding in both directions, no dilation")
        name = self._unused(node.target.removesuffix(".conv"))
        draft = _Draft(name, DEPTHWISE_CONV if is_depthwise else CONV, (self._read(node).tensor,), name, conv)
        self.drafts.append(draft)
        return _Map(name, [draft])

    def _pass(self, node: fx.Node) -> _Map:
        source = self._read(node)
        return source if len(_readers(_operand(node))) == 1 else _Map(source.tensor)

    def _norm(self, node: fx.Node) -> _Map:
        norm: nn.BatchNorm2d = self.module.get_submodule(node.target)
        source = self._own(node, _operand(node))
        if (
            len(source.drafts) != 1
            or source.drafts[0].norm is not None
            or source.drafts[0].slope != 1
            or not norm.affine
            or norm.running_mean is None
        ):
            self._fail(node, "a batch norm follows its convolution directly and has a scale and statistics")
        source.drafts[0].norm = norm
        return source

    def _activation(self, node: fx.Node) -> _Map:
        slope = 0.0
        if node.op == "call_module":
            slope = getattr(self.module.get_submodule(node.target), "negative_slope", 0.0)
        elif node.target is functional.leaky_relu:
            slope = node.args[1] if len(node.args) > 1 else node.kwargs.get("negative_slope", 0.01)
        source = self._own(node, _operand(node))
        if not source.drafts or any(draft.slope != 1 for draft in source.drafts) or not 0 <= slope < 1:
            self._fail(node, "an activation follows a convolution, its batch norm, or their concatenation; slope from 0 to below 1")
        for draft in source.drafts:
            draft.slope = float(slope)
        return source

    def _concatenation(self, node: fx.Node) -> _Map:
        parts = [self._own(node, part) for part in _operand(node)]
        if node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0) not in (1, -3):
            self._fail(node, "only channels can be concatenated")
        drafts = [draft for part in parts for draft in part.drafts]
        if not all(part.drafts for part in parts) or len({draft.name for draft in drafts}) < len(drafts):
            self._fail(node, "concatenates something other than different convolutions")
        tensor = self._unused(f"{_common_parent([draft.name for draft in drafts])}feature")
        channel = 0
        for draft in drafts:
            draft.output, draft.channel = tensor, channel
            channel += draft.conv.out_channels
        return _Map(tensor, drafts)

    def _interpolation(self, node: fx.Node) -> _Map:
        facts = vars(self.module.get_submodule(node.target)) if node.op == "call_module" else node.kwargs
        if facts.get("mode", node.args[3] if len(node.args) > 3 else "nearest") != "nearest":
            self._fail(node, "only nearest interpolation is known")
        return _Map(self._read(node).tensor, is_enlarged=True)

    def _addition(self, node: fx.Node) -> _Map:
        operands = node.args[:2]
        if len(operands) < 2 or node.kwargs or not all(operand in self.maps for operand in operands):
            self._fail(node, "only two feature maps can be added")
        coarse, fine = sorted(operands, key=lambda operand: not self.maps[operand].is_enlarged)
        if not self.maps[coarse].is_enlarged or self.maps[fine].is_enlarged or coarse.meta["shape"] != fine.meta["shape"]:
            self._fail(node, "adds something other than an enlarged map and one of its size")
        tensor = self._own(node, fine).tensor
        if not self.maps[fine].drafts:
            self._fail(node, f"changes '{tensor}', which no convolution has just written")
        parent, _, last = tensor.rpartition(".")
        number = last[len(last.rstrip("0123456789")) :]
        name = self._unused(f"{parent}.add{number}" if parent else f"add{number}")
        self.drafts.append(_Draft(name, UPSAMPLE_ADD, (tensor, self.maps[coarse].tensor), tensor))
        return _Map(tensor)

    def _end(self, result: object) -> None:
        """Names the heads: levels finest first, each with all roles."""
        if not isinstance(result, dict) or set(result) != set(ROLES) or len({len(maps) for maps in result.values()}) != 1:
            raise ModelFileError(f"maps() returns something other than one list of maps for each of {', '.join(ROLES)}")
        for level in range(len(result["class"])):
            for role in ROLES:
                node = result[role][level]
                drafts = self._own(node, node).drafts
                if len(drafts) != 1:
                    self._fail(node, "a head is something other than a convolution")
                if role != "class":
                    drafts[0].output = None
                self.heads.append(Head(role, level, drafts[0].name))

    def _read(self, node: fx.Node) -> _Map:
        source = _operand(node)
        if source not in self.maps or self.maps[source].is_enlarged:
            self._fail(node, "reads something other than a feature map, or an enlarged one that is not added to another")
        return self.maps[source]

    def _own(self, node: fx.Node, source: fx.Node) -> _Map:
        """The map of `source`, which nothing but `node` reads, so that its layer can change."""
        if source not in self.maps or len(_readers(source)) != 1:
            self._fail(node, f"changes {source}, which other operations read too")
        return self.maps[source]

    def _unused(self, name: str) -> str:
        names = {draft.name for draft in self.drafts} | {draft.output for draft in self.drafts}
        return name if name not in names else next(other for count in range(2, 4096) if (other := f"{name}.{count}") not in names)

    @staticmethod
    def _fail(node: fx.Node, problem: str) -> None:
        scope = [path for path, _ in node.meta.get("nn_module_stack", {}).values() if path]
        raise ModelFileError(f"{scope[-1] if scope else node.name} ({node.name}): {problem}")


def _operand(node: fx.Node) -> fx.Node | list[fx.Node]:
    """The first argument of an operation, however it is named."""
    return node.args[0] if node.args else node.kwargs.get("input", node.kwargs.get("tensors"))


def _readers(node: fx.Node) -> list[fx.Node]:
    """The operations that read the numbers of `node`'s map; those that read its shape do not count."""
    return [user for user in node.users if user.op == "output" or "shape" in user.meta]


def _common_parent(names: list[str]) -> str:
    """The longest common path of modules with a dot at its end; "" at the top."""
    parts = []
    for column in zip(*(name.split(".")[:-1] for name in names), strict=False):
        if len(set(column)) > 1:
            break
        parts.append(column[0])
    return "".join(f"{part}." for part in parts)
