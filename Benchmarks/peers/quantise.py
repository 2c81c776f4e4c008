"""Converts the ONNX graph to int8 for each engine, by its own tool with its standard settings, and to ncnn's format.

OpenVINO: NNCF's post-training quantisation. ONNX Runtime: its static quantiser, QDQ form, weights per channel.
ncnn only in float32: its 8-bit form is slower than that on x86 (ncnn issue 3198).
"""

from __future__ import annotations

import subprocess
from importlib.metadata import distribution
from pathlib import Path

from .errors import BenchmarkError
from .pictures import NetworkInputs


def for_openvino(graph: Path, images: NetworkInputs, output: Path) -> None:
    import nncf
    import openvino

    quantised = nncf.quantize(openvino.Core().read_model(graph), nncf.Dataset(images), subset_size=len(images))
    openvino.save_model(quantised, output, compress_to_fp16=False)


def for_onnxruntime(graph: Path, images: NetworkInputs, output: Path) -> None:
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    from retinaface_training.exchange.onnx_writer import IMAGE

    class Images(quantization.CalibrationDataReader):
        def __init__(self):
            self._rest = iter(images)

        def get_next(self):
            image = next(self._rest, None)
            return None if image is None else {IMAGE: image}

    folded = output.with_suffix(".folded.onnx")
    quant_pre_process(str(graph), str(folded), skip_symbolic_shape=True)
    quantization.quantize_static(
        str(folded),
        str(output),
        Images(),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )
    folded.unlink()


def for_ncnn(graph: Path, output: Path, width: int, height: int) -> None:
    """Converts with pnnx's program; its Python part would need PyTorch, which is not needed otherwise."""
    program = Path(distribution("pnnx").locate_file("pnnx/pnnx"))
    files = {"pnnxparam": "pnnx.param", "pnnxbin": "pnnx.bin", "pnnxpy": "pnnx.py", "pnnxonnx": "pnnx.onnx", "ncnnpy": "ncnn.py"}
    scratch = {key: output.parent / f"scratch.{name}" for key, name in files.items()}
    command = [
        program,
        graph,
        f"inputshape=[1,3,{height},{width}]",
        "fp16=0",
        f"ncnnparam={output}",
        f"ncnnbin={output.with_suffix('.bin')}",
        *(f"{key}={path}" for key, path in scratch.items()),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    for path in [*scratch.values(), graph.with_suffix(".pnnxsim.onnx")]:
        path.unlink(missing_ok=True)
    if done.returncode or not output.exists():
        raise BenchmarkError(f"pnnx cannot convert {graph}: {(done.stdout + done.stderr).strip()[-300:]}")
