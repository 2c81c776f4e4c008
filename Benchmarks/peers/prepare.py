"""Makes the models of one input size for every engine under build/benchmarks/models, once for each model and calibration."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from retinaface_training.exchange import rfm
from retinaface_training.exchange.graph import ModelFileError

from . import quantise
from .errors import BenchmarkError
from .machine import versions
from .paths import FLOAT_MODEL, MODELS, SIZES
from .pictures import MEAN, NetworkInputs, calibration_files


def prepare(size: str, calibration: Path, count: int) -> None:
    """Makes the models of this size; does nothing if they exist, made from the same model, versions and calibration."""
    model = shipped_model()
    stamp = {"checksum": model.checksum, "versions": versions(), "calibration": str(calibration), "count": count}
    stamp_file = MODELS / f"{size}.json"
    if stamp_file.exists() and json.loads(stamp_file.read_text()) == stamp:
        return
    files = calibration_files(calibration, count)
    MODELS.mkdir(parents=True, exist_ok=True)
    for old in MODELS.glob(f"{size}.*"):
        old.unlink()
    _make(model, size, files)
    stamp_file.write_text(json.dumps(stamp))


def shipped_model() -> rfm.ModelFile:
    """Reads the model that ships, in float32. Raises BenchmarkError."""
    try:
        model = rfm.read(FLOAT_MODEL)
    except (OSError, ModelFileError) as error:
        raise BenchmarkError(str(error)) from None
    facts = model.graph.description
    if model.int8 or (facts.order, facts.mean, facts.scale) != ("bgr", MEAN, 1):
        raise BenchmarkError(
            f"{FLOAT_MODEL}: is not float32 with an input of blue, green, red minus {MEAN}; change pictures.py accordingly"
        )
    return model


def _make(model: rfm.ModelFile, size: str, files: list[Path]) -> None:
    import onnx  # here, so that the command line needs none of the heavy packages

    from retinaface_training.exchange.onnx_writer import Form, to_onnx

    width, height = SIZES[size]
    graph = MODELS / f"{size}.onnx"
    _say(f"{size}: {graph.name}")
    onnx.save(to_onnx(model.graph, model.tensors, Form((width, height), is_maps=True)), graph)
    _say(f"{size}: {len(files)} pictures to calibrate")
    images = NetworkInputs(files, width, height)
    steps = {
        "8 bits for OpenVINO (NNCF)": lambda: quantise.for_openvino(graph, images, MODELS / f"{size}.openvino-int8.xml"),
        "8 bits for ONNX Runtime": lambda: quantise.for_onnxruntime(graph, images, MODELS / f"{size}.onnxruntime-int8.onnx"),
        "ncnn (pnnx)": lambda: quantise.for_ncnn(graph, MODELS / f"{size}.ncnn.param", width, height),
    }
    for what, step in steps.items():
        _say(f"{size}: {what}")
        try:
            step()
        except ImportError as error:
            _say(f"{size}: left out: {what}: {error.name} is not installed")


def _say(message: str) -> None:
    print(f"prepare: {message}", file=sys.stderr, flush=True)
