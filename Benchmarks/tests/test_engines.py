"""The ONNX graphs in other engines: ONNX Runtime, OpenCV and ncnn find the faces that our engine finds."""

import numpy
import pytest

from made import NO_ONNX
from peers import agreement, quantise
from peers.agreement import Heads
from peers.engines import NCNN
from peers.paths import BENCH, FLOAT_MODEL, INT8_MODEL, PICTURE
from peers.pictures import network_input
from retinaface_training.exchange import rfm

SIZE = (320, 240)
NAMES = ("output0", "586", "585")
pytestmark = pytest.mark.skipif(not BENCH.exists(), reason="build/rf-bench is missing: make build")


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    """Files of the float32 and of the int8 graph at SIZE."""
    pytest.importorskip("onnx", reason=NO_ONNX)
    from retinaface_training.exchange import onnx_int8, onnx_writer

    folder, form = tmp_path_factory.mktemp("graphs"), onnx_writer.Form(SIZE)
    floats, integers = rfm.read(FLOAT_MODEL), rfm.read(INT8_MODEL)
    models = {
        "float32": onnx_writer.to_onnx(floats.graph, floats.tensors, form),
        "int8": onnx_int8.to_onnx(integers.graph, integers.tensors, integers.int8, form),
    }
    for precision, model in models.items():
        (folder / f"{precision}.onnx").write_bytes(model.SerializeToString())
    return folder


def check(outputs, precision, bound):
    """Compares boxes, scores and landmarks by anchor, [A][4], [A][2] and [A][10], with our engine of the same precision."""
    boxes, classes, landmarks = (numpy.asarray(values).reshape(-1, width) for values, width in zip(outputs, (4, 2, 10), strict=True))
    reference = agreement.ours(*SIZE, *(("--model", INT8_MODEL) if precision == "int8" else ()))
    assert (reference.scores > agreement.FACE).sum() >= 6
    assert agreement.difference(precision, Heads(classes[:, 1], boxes, landmarks), reference) < bound


@pytest.mark.parametrize("precision, bound", [("float32", 1e-3), ("int8", 0.01)])
def test_onnx_runtime(graphs, precision, bound):
    runtime = pytest.importorskip("onnxruntime", reason=NO_ONNX)
    session = runtime.InferenceSession(str(graphs / f"{precision}.onnx"), providers=["CPUExecutionProvider"])
    check(session.run(list(NAMES), {"input0": network_input(PICTURE, *SIZE)}), precision, bound)


@pytest.mark.parametrize("precision, bound", [("float32", 1e-3), ("int8", 0.02)])
def test_opencv(graphs, precision, bound):
    cv2 = pytest.importorskip("cv2", reason="left out: OpenCV (.venv/bin/pip install opencv-python-headless==5.0.0.93)")
    net = cv2.dnn.readNetFromONNX(str(graphs / f"{precision}.onnx"))
    assert set(net.getUnconnectedOutLayersNames()) == set(NAMES)
    net.setInput(network_input(PICTURE, *SIZE))
    check(net.forward(list(NAMES)), precision, bound)


def test_ncnn(graphs, tmp_path):
    pytest.importorskip("ncnn", reason="left out: ncnn (make bench-peers installs it)")
    pytest.importorskip("pnnx", reason="left out: pnnx (make bench-peers installs it)")
    quantise.for_ncnn(graphs / "float32.onnx", tmp_path / "x.ncnn.param", *SIZE)
    engine = NCNN(tmp_path / "x.ncnn.param", 1)
    engine.load(network_input(PICTURE, *SIZE))
    engine.run()
    check(engine.heads(), "float32", 1e-3)
