"""Writes a network as an ONNX graph, the format that other engines read.

Names, order and layout of inputs and outputs are those of biubug6/Pytorch_Retinaface's convert_to_onnx.py, for which most programs are
written: `input0`, N x 3 x H x W, blue, green, red minus the mean; `output0`, N x A x 4 boxes; `586`, N x A x 2 softmax of background and
face; `585`, N x A x 10 landmarks. Anchors are ordered level, y, x, anchor; boxes and landmarks are encoded relative to them. Needs onnx
and numpy only, because the benchmarks use it without PyTorch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from .graph import DEPTHWISE_CONV, INPUT, ROLES, UPSAMPLE_ADD, Graph, Layer

OPSET, IR_VERSION = 17, 8
IMAGE = "input0"
OUTPUTS = {"box": "output0", "class": "586", "landmarks": "585"}
"""Output names by role, in the order of the outputs. biubug6's exporter names only the first; 586 and 585 are the numbers that it gives to
the others, and that programs for ncnn ask for."""

DESCRIPTION_KEY = "retinaface"
"""Metadata of the file: the description of the network (graph.Description) as JSON. The importer reads it."""


@dataclass(frozen=True)
class Form:
    """Form of an ONNX graph.

    size: width and height of the picture; None: any size and any number of pictures. is_bytes: the input is N x H x W x 3 bytes, and the
    graph subtracts the mean. is_maps: the outputs are the raw maps of each level, N x C x H x W, `classes_8`, `boxes_8`, `landmarks_8` and
    so on, as in the engine's forward pass: for measurements of speed.
    """

    size: tuple[int, int] | None = None
    is_bytes: bool = False
    is_maps: bool = False


def to_onnx(graph: Graph, tensors: Mapping[str, numpy.ndarray], form: Form, name: str = "retinaface") -> onnx.ModelProto:
    """Returns the checked ONNX graph of a float32 network (walk.export_graph, model_file.read, rfm.read)."""
    return Writer(graph, tensors, form).model(name)


class Writer:
    """Collects the nodes of one graph, in order. A feature map is a list of values, its slices, until a layer reads it."""

    def __init__(self, graph: Graph, tensors: Mapping[str, numpy.ndarray], form: Form) -> None:
        self.graph, self.tensors, self.form = graph, tensors, form
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.maps: dict[str, list[str]] = {}
        #: Width and height of every value, if the size of the picture is fixed.
        self.sizes: dict[str, tuple[int, int]] = {}
        levels = graph.description.levels
        self.heads = {head.layer: (head.role, levels[head.level].stride) for head in graph.heads}

    def model(self, name: str) -> onnx.ModelProto:
        """Returns the whole checked graph."""
        image = self._add_image()
        for layer in self.graph.layers:
            self._add(layer)
        outputs = self._map_outputs() if self.form.is_maps else self._anchor_outputs()
        graph = helper.make_graph(self.nodes, name, [image], outputs, self.constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="retinaface_training")
        helper.set_model_props(model, {DESCRIPTION_KEY: json.dumps(asdict(self.graph.description))})
        onnx.checker.check_model(model, full_check=True)
        return model

    def parameters(self, layer: Layer) -> list[str]:
        """Returns the values of the layer's weights and bias."""
        return [self.constant(f"{layer.name}.{part}", self.tensors[f"{layer.name}.{part}"]) for part in ("weight", "bias")]

    def stored(self, value: str, tensor: str) -> str:
        """Returns the value that the readers of `value`, a part of the feature map `tensor`, get."""
        return value

    def constant(self, name: str, array: numpy.ndarray) -> str:
        """Adds a constant; returns its name."""
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(array), name))
        return name

    def node(self, operation: str, inputs: list[str], output: str, **attributes) -> str:
        """Adds a node of one output; returns the output's name."""
        self.nodes.append(helper.make_node(operation, inputs, [output], name=f"{output}/{operation}", **attributes))
        return output

    def _add_image(self) -> onnx.ValueInfoProto:
        """Adds the input, and for bytes the nodes that convert it to the network's input."""
        width, height = self.form.size or ("width", "height")
        count = 1 if self.form.size else "batch"
        if not self.form.is_bytes:
            self.maps[INPUT] = [IMAGE]
            self._set_size(IMAGE, self.form.size)
            return helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [count, 3, height, width])
        facts = self.graph.description
        planes = self.node("Transpose", [IMAGE], "image.planes", perm=[0, 3, 1, 2])
        floats = self.node("Cast", [planes], "image.floats", to=TensorProto.FLOAT)
        mean = self.constant("image.mean", numpy.array(facts.mean, numpy.float32).reshape(1, 3, 1, 1))
        value = self.node("Sub", [floats, mean], "image.centred")
        if facts.scale != 1:
            value = self.node("Mul", [value, self.constant("image.scale", numpy.float32(facts.scale))], "image.scaled")
        self.maps[INPUT] = [value]
        self._set_size(value, self.form.size)
        return helper.make_tensor_value_info(IMAGE, TensorProto.UINT8, [count, height, width, 3])

    def _add(self, layer: Layer) -> None:
        if layer.operation == UPSAMPLE_ADD:
            self.maps[layer.output] = [self._upsample(layer)]
            return
        value = self._convolve(layer)
        if layer.name not in self.heads:
            self.maps.setdefault(layer.output, []).append(self._with_size(self.stored(value, layer.output), value))

    def _convolve(self, layer: Layer) -> str:
        source = self.read(layer.inputs[0])
        total = self._output(layer) if layer.slope == 1 else f"{layer.name}.sum"
        self.node(
            "Conv",
            [source, *self.parameters(layer)],
            total,
            kernel_shape=layer.kernel,
            strides=[layer.stride] * 2,
            pads=[layer.padding] * 4,
            group=len(self.tensors[f"{layer.name}.bias"]) if layer.operation == DEPTHWISE_CONV else 1,
        )
        if source in self.sizes:
            lengths = zip(self.sizes[source], reversed(layer.kernel), strict=True)
            size = tuple((length + 2 * layer.padding - taps) // layer.stride + 1 for length, taps in lengths)
            self._set_size(self._output(layer), size)
        if layer.slope == 1:
            return total
        if layer.slope == 0:
            return self.node("Relu", [total], self._output(layer))
        return self.node("LeakyRelu", [total], self._output(layer), alpha=layer.slope)

    def _output(self, layer: Layer) -> str:
        """The value of a layer; the layer's name except for the outputs of a graph of maps."""
        if not self.form.is_maps or layer.name not in self.heads:
            return layer.name
        role, stride = self.heads[layer.name]
        return map_name(role, stride)

    def _upsample(self, layer: Layer) -> str:
        """Adds nearest upsampling: to the size of the fine map, or by its whole factor, for which engines have faster code."""
        fine, coarse = (self.read(name) for name in layer.inputs)
        large = f"{layer.name}.large"
        floor = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        self.node("Resize", [coarse, *self._target(layer, fine, coarse)], large, **floor)
        total = self.node("Add", [fine, self.stored(large, layer.output)], layer.name)
        return self._with_size(self.stored(total, layer.output), fine)

    def _target(self, layer: Layer, fine: str, coarse: str) -> list[str]:
        """Returns the inputs of Resize that follow the map: region, scales and sizes. Both maps have the same channels."""
        if fine not in self.sizes:
            return ["", "", self.node("Shape", [fine], f"{layer.name}.shape")]
        (width, height), start = self.sizes[fine], self.sizes[coarse]
        factors = [height / start[1], width / start[0]]
        if all(factor.is_integer() for factor in factors):
            return ["", self.constant(f"{layer.name}.scales", numpy.array([1, 1, *factors], numpy.float32))]
        writers = [other.name for other in self.graph.layers if other.output == layer.output and other.operation != UPSAMPLE_ADD]
        channels = sum(len(self.tensors[f"{name}.bias"]) for name in writers)
        return ["", "", self.constant(f"{layer.name}.sizes", numpy.array([1, channels, height, width], numpy.int64))]

    def read(self, tensor: str) -> str:
        """Returns the value of a whole feature map."""
        values = self.maps[tensor]
        if len(values) > 1:
            whole = self._with_size(self.node("Concat", values, f"{tensor}.whole", axis=1), values[0])
            self.maps[tensor] = [self._with_size(self.stored(whole, tensor), whole)]
        return self.maps[tensor][0]

    def _map_outputs(self) -> list[onnx.ValueInfoProto]:
        """Returns the outputs of a graph of maps: levels, each classes, boxes, landmarks."""
        outputs = []
        for level, facts in enumerate(self.graph.description.levels):
            for role, values in ROLES.items():
                name = map_name(role, facts.stride)
                width, height = self.sizes.get(name, (f"width_{level}", f"height_{level}"))
                shape = [1 if self.form.size else "batch", values * len(facts.anchors), height, width]
                outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return outputs

    def _anchor_outputs(self) -> list[onnx.ValueInfoProto]:
        """Adds the nodes that order values by anchor, the softmax last: OpenCV lists outputs in the order of the nodes."""
        parts = {role: self._by_anchor(role) for role in OUTPUTS}
        self.node("Concat", parts["box"], OUTPUTS["box"], axis=1)
        classes = self.node("Concat", parts["class"], "classes", axis=1)
        self.node("Concat", parts["landmarks"], OUTPUTS["landmarks"], axis=1)
        self.node("Softmax", [classes], OUTPUTS["class"], axis=2)
        count = self._anchor_count()
        shapes = {role: [1 if self.form.size else "batch", count, ROLES[role]] for role in OUTPUTS}
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[role]) for role, name in OUTPUTS.items()]

    def _by_anchor(self, role: str) -> list[str]:
        """Adds the rows of each level, N x anchors x values, for one role."""
        rows = []
        shape = self.constant(f"{role}.shape", numpy.array([1 if self.form.size else 0, -1, ROLES[role]], numpy.int64))
        for head in sorted((head for head in self.graph.heads if head.role == role), key=lambda head: head.level):
            pixels = self.node("Transpose", [head.layer], f"{head.layer}.pixels", perm=[0, 2, 3, 1])
            rows.append(self.node("Reshape", [pixels, shape], f"{head.layer}.anchors"))
        return rows

    def _anchor_count(self) -> int | str:
        if not self.form.size:
            return "anchors"
        levels = self.graph.description.levels
        maps = (self.sizes[head.layer] for head in self.graph.heads if head.role == "class")
        counts = (len(levels[head.level].anchors) for head in self.graph.heads if head.role == "class")
        return sum(width * height * anchors for (width, height), anchors in zip(maps, counts, strict=True))

    def _set_size(self, value: str, size: tuple[int, int] | None) -> None:
        if size is not None:
            self.sizes[value] = size

    def _with_size(self, value: str, like: str) -> str:
        """Gives `value` the size of another; returns it."""
        self._set_size(value, self.sizes.get(like))
        return value


def map_name(role: str, stride: int) -> str:
    """The name of an output in a graph of maps."""
    return f"{ {'class': 'classes', 'box': 'boxes', 'landmarks': 'landmarks'}[role] }_{stride}"
