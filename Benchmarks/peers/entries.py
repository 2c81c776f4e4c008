"""Entries of the comparison: one per engine, precision and instruction set."""

from __future__ import annotations

from dataclasses import dataclass

from .paths import FLOAT_MODEL, INT8_MODEL


@dataclass(frozen=True)
class Entry:
    """`isa` empty: the widest vectors of this machine. `model`: a file of MODELS with {size}, or for ours one that ships."""

    name: str
    engine: str
    precision: str
    model: str
    isa: str = ""

    @property
    def is_ours(self) -> bool:
        return self.engine == "ours"

    @property
    def options(self) -> list[str]:
        """Returns options of rf-bench, for an entry of ours."""
        return ["--model", self.model, *(["--isa", self.isa] if self.isa else [])]

    @property
    def label(self) -> str:
        return f"{self.engine}, {self.precision}" + (f", {self.isa.upper()}" if self.isa else "")


ENTRIES = [
    Entry("ours-int8", "ours", "int8", str(INT8_MODEL)),
    Entry("ours-float32", "ours", "float32", str(FLOAT_MODEL)),
    Entry("openvino-int8", "OpenVINO", "int8", "{size}.openvino-int8.xml"),
    Entry("openvino-float32", "OpenVINO", "float32", "{size}.onnx"),
    Entry("onnxruntime-int8", "ONNX Runtime", "int8", "{size}.onnxruntime-int8.onnx"),
    Entry("onnxruntime-float32", "ONNX Runtime", "float32", "{size}.onnx"),
    Entry("ncnn-float32", "ncnn", "float32", "{size}.ncnn.param"),
    # Limited to AVX2, as on a processor without AVX-512. oneDNN, which OpenVINO uses, has a setting for it; the others do not.
    Entry("ours-int8-avx2", "ours", "int8", str(INT8_MODEL), "avx2"),
    Entry("ours-float32-avx2", "ours", "float32", str(FLOAT_MODEL), "avx2"),
    Entry("openvino-int8-avx2", "OpenVINO", "int8", "{size}.openvino-int8.xml", "avx2"),
    Entry("openvino-float32-avx2", "OpenVINO", "float32", "{size}.onnx", "avx2"),
]
BY_NAME = {entry.name: entry for entry in ENTRIES}
