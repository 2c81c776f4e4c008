"""The ONNX graph gives the results of our engine, at sizes where maps do and do not double from level to level."""

import pytest

from made import NO_ONNX
from peers import agreement
from peers.paths import BENCH, FLOAT_MODEL, PICTURE
from peers.pictures import network_input
from retinaface_training.exchange import rfm

pytest.importorskip("onnx", reason=NO_ONNX)


@pytest.mark.skipif(not BENCH.exists(), reason="build/rf-bench is missing: make build")
@pytest.mark.parametrize("width, height", [(128, 96), (131, 69)])
def test_agrees_with_our_engine(width, height):
    from onnx.reference import ReferenceEvaluator

    from retinaface_training.exchange.onnx_writer import IMAGE, Form, to_onnx

    model = rfm.read(FLOAT_MODEL)
    graph = to_onnx(model.graph, model.tensors, Form((width, height), is_maps=True))
    outputs = ReferenceEvaluator(graph).run(None, {IMAGE: network_input(PICTURE, width, height)})
    assert agreement.difference("float32", agreement.from_outputs(outputs), agreement.ours(width, height)) < agreement.BOUND


def test_names_levels_and_leaves_nothing_unread():
    from retinaface_training.exchange.onnx_writer import Form, to_onnx

    model = rfm.read(FLOAT_MODEL)
    graph = to_onnx(model.graph, model.tensors, Form((640, 480), is_maps=True)).graph
    assert [output.name for output in graph.output][:4] == ["classes_8", "boxes_8", "landmarks_8", "classes_16"]
    read = {value for node in graph.node for value in node.input} | {output.name for output in graph.output}
    assert not [value for node in graph.node for value in node.output if value not in read]
