"""Converts a float32 model file to an ONNX graph of one input size, the format that the other engines read.

Input `image`: float32 [1][3][height][width], (byte - mean) * scale. Outputs: the raw heads of each level, `classes_8`,
`boxes_8`, `landmarks_8` and so on, NCHW. Softmax, sorting by anchors and decoding are left out, as in our own forward pass:
all engines are timed on the same work. The size is fixed because every engine plans better with a fixed size.
"""

from __future__ import annotations

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from .rfm import DEPTHWISE, NO_TENSOR, UPSAMPLING, Layer, Model

OPSET = 17
INPUT = "image"


def to_onnx(model: Model, width: int, height: int) -> onnx.ModelProto:
    """Returns the checked graph for pictures of `width` x `height` pixels."""
    graph = _Graph(model, width, height)
    for index, layer in enumerate(model.layers):
        graph.add(index, layer)
    return graph.finish()


def head_names(model: Model) -> dict[int, str]:
    """Returns layer number and output name of every head, in the order of the outputs: levels, each classes, boxes, landmarks."""
    return {getattr(level, kind): f"{kind}_{level.stride}" for level in model.levels for kind in ("classes", "boxes", "landmarks")}


class _Graph:
    """Collects the nodes. A feature map is a list of slices until a layer reads it."""

    def __init__(self, model: Model, width: int, height: int):
        self.model = model
        self.heads = head_names(model)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.slices: dict[int, list[str]] = {0: [INPUT]}
        #: channels, height and width of every value
        self.shapes: dict[str, tuple[int, int, int]] = {INPUT: (3, height, width)}

    def add(self, index: int, layer: Layer) -> None:
        """Adds the layer's nodes; the last one's output has the layer's name, or the head's."""
        if layer.operation == UPSAMPLING:
            self.slices[layer.target] = [self._upsample(layer)]
            return
        value = self._convolve(layer, self.heads.get(index, layer.name))
        if layer.target != NO_TENSOR:
            self.slices.setdefault(layer.target, []).append(value)

    def finish(self) -> onnx.ModelProto:
        image, *heads = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *self.shapes[name]]) for name in (INPUT, *self.heads.values())
        )
        graph = helper.make_graph(self.nodes, self.model.name or "model", [image], heads, self.constants)
        proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        onnx.checker.check_model(proto, full_check=True)
        return proto

    def _convolve(self, layer: Layer, output: str) -> str:
        source = self._read(layer.source)
        depthwise = layer.operation == DEPTHWISE
        kernel = layer.weights[None].transpose(3, 0, 1, 2) if depthwise else layer.weights.transpose(0, 3, 1, 2)
        lengths = zip(self.shapes[source][1:], layer.kernel, strict=True)
        size = ((length + 2 * layer.padding - taps) // layer.stride + 1 for length, taps in lengths)
        shape = (len(layer.bias), *size)
        inputs = [source, self._constant(f"{layer.name}.weight", kernel), self._constant(f"{layer.name}.bias", layer.bias)]
        total = output if layer.slope == 1 else f"{output}.sum"
        self._node(
            "Conv",
            inputs,
            total,
            shape,
            kernel_shape=layer.kernel,
            strides=[layer.stride] * 2,
            pads=[layer.padding] * 4,
            group=shape[0] if depthwise else 1,
        )
        if layer.slope == 1:
            return total
        if layer.slope == 0:
            return self._node("Relu", [total], output, shape)
        return self._node("LeakyRelu", [total], output, shape, alpha=layer.slope)

    def _upsample(self, layer: Layer) -> str:
        """Adds nearest upsampling; by a whole factor if possible, for which engines have faster code."""
        coarse, fine = self._read(layer.source), self._read(layer.target)
        shape = self.shapes[fine]
        factors = [to / start for to, start in zip(shape, self.shapes[coarse], strict=True)]
        if all(factor.is_integer() for factor in factors):
            inputs = [coarse, "", self._constant(f"{layer.name}.scales", numpy.array([1, *factors], numpy.float32))]
        else:
            inputs = [coarse, "", "", self._constant(f"{layer.name}.sizes", numpy.array([1, *shape], numpy.int64))]
        large = self._node(
            "Resize",
            inputs,
            f"{layer.name}.large",
            shape,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        return self._node("Add", [fine, large], layer.name, shape)

    def _read(self, tensor: int) -> str:
        """Returns the value of the whole map."""
        values = self.slices[tensor]
        if len(values) > 1:
            _, height, width = self.shapes[values[0]]
            channels = sum(self.shapes[value][0] for value in values)
            self.slices[tensor] = [self._node("Concat", values, f"map_{tensor}", (channels, height, width), axis=1)]
        return self.slices[tensor][0]

    def _constant(self, name: str, array: numpy.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(array), name))
        return name

    def _node(self, operation: str, inputs: list[str], output: str, shape: tuple[int, int, int], **attributes) -> str:
        self.nodes.append(helper.make_node(operation, inputs, [output], name=f"{output}/{operation}", **attributes))
        self.shapes[output] = shape
        return output
