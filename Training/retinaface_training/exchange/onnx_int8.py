"""Writes an int8 model file as an ONNX graph in QDQ form, with the integer weights and the scales of the file.

A feature map is quantised by QuantizeLinear and read through DequantizeLinear; weights and biases are integers behind a DequantizeLinear
with a scale per channel. ONNX Runtime executes such a graph in integers. The file stores no scale per tensor, only a multiplier per layer
and channel: output steps per unit of the sum. So every feature map gets the scale 1 and every weight the multiplier as its scale,
which is the same function.

Differences from the engine: the input is float32, since its mean is no single byte, so that the first layer is computed in float32, as
are the heads and every convolution before a leaky ReLU; and a bias is a whole number of units without the engine's correction
for its own rounding (rfkernels.h, THE ROUNDING RULE).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy
import onnx

from .graph import INPUT, Graph, Layer
from .onnx_writer import Form, Writer
from .rfm import Int8

MAGIC = 1.5 * 2**23
"""RF_MAGIC of rfkernels.h."""


def to_onnx(graph: Graph, tensors: Mapping[str, numpy.ndarray], int8: Int8, form: Form, name: str = "retinaface") -> onnx.ModelProto:
    """Returns the checked QDQ graph of an int8 model (rfm.read)."""
    return _QuantisedWriter(graph, tensors, form, int8).model(name)


class _QuantisedWriter(Writer):
    def __init__(self, graph: Graph, tensors: Mapping[str, numpy.ndarray], form: Form, int8: Int8) -> None:
        super().__init__(graph, tensors, form)
        self.int8 = int8

    def parameters(self, layer: Layer) -> list[str]:
        scale = self.int8.multipliers[layer.name]
        if layer.inputs[0] == INPUT:
            scale = scale / numpy.float32(self.graph.description.scale)
        scale = self.constant(f"{layer.name}.scale", scale.astype(numpy.float32))
        values = {"weight": self.tensors[f"{layer.name}.weight"], "bias": self._bias(layer)}
        return [self._dequantised(f"{layer.name}.{part}", array, scale) for part, array in values.items()]

    def stored(self, value: str, tensor: str) -> str:
        """Adds quantisation to bytes and back."""
        facts = [self._once("step", numpy.float32(1)), self._once(f"zero_{self.int8.zeros[tensor]}", numpy.uint8(self.int8.zeros[tensor]))]
        code = self.node("QuantizeLinear", [value, *facts], f"{value}.bytes")
        return self.node("DequantizeLinear", [code, *facts], f"{value}.read")

    def _bias(self, layer: Layer) -> numpy.ndarray:
        """Returns the bias without what the engine's own arithmetic puts into it: the inputs' zeros, and the error of its addend."""
        weights = self.tensors[f"{layer.name}.weight"].astype(numpy.int64)
        by_channel = weights.sum(axis=(2, 3))  # output x input channels
        if layer.inputs[0] == INPUT:
            zeros = numpy.array(self.graph.description.mean)
        else:
            zeros = numpy.full(by_channel.shape[1], self.int8.zeros[layer.inputs[0]])
        bias = self.tensors[f"{layer.name}.bias"] + by_channel @ zeros
        if layer.name not in self.heads and layer.name not in self.int8.wide and layer.slope in (0, 1):
            multiplier = self.int8.multipliers[layer.name].astype(numpy.float64)
            addend = MAGIC - MAGIC * multiplier + self.int8.zeros[layer.output]
            bias = bias + (addend.astype(numpy.float32) - addend) / multiplier
        return numpy.rint(bias).astype(numpy.int32)

    def _dequantised(self, name: str, array: numpy.ndarray, scale: str) -> str:
        return self.node("DequantizeLinear", [self.constant(f"{name}.integers", array), scale], name, axis=0)

    def _once(self, name: str, value: numpy.generic) -> str:
        if all(constant.name != name for constant in self.constants):
            self.constant(name, numpy.array(value))
        return name
