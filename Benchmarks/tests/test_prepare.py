"""Making the engines' models: once, as far as the packages are installed."""

import pytest

from made import NO_ONNX
from peers import prepare, quantise
from peers.errors import BenchmarkError
from peers.paths import PICTURE


@pytest.fixture
def models(tmp_path, monkeypatch):
    """An empty folder in place of build/benchmarks/models, and a network small enough for a test."""
    monkeypatch.setattr(prepare, "MODELS", tmp_path)
    monkeypatch.setattr(prepare, "SIZES", {"small": (64, 64)})
    return tmp_path


def test_without_pictures_nothing_is_lost(models):
    (models / "small.json").write_text("{}")
    with pytest.raises(BenchmarkError, match="--calibrate"):
        prepare.prepare("small", models / "missing", 1)
    assert (models / "small.json").exists()


def test_makes_what_it_can_and_only_once(models, monkeypatch, capsys):
    pytest.importorskip("onnx", reason=NO_ONNX)
    made = []

    def without_package(graph, images, output):
        raise ImportError(name="nncf")

    monkeypatch.setattr(quantise, "for_openvino", without_package)
    monkeypatch.setattr(quantise, "for_onnxruntime", lambda graph, images, output: made.append((output.name, len(images))))
    monkeypatch.setattr(quantise, "for_ncnn", lambda graph, output, width, height: made.append((output.name, width, height)))
    (models / "small.openvino-int8.xml").write_text("of an earlier model")
    for _ in range(2):
        prepare.prepare("small", PICTURE.parent, 3)
    assert made == [("small.onnxruntime-int8.onnx", 3), ("small.ncnn.param", 64, 64)]
    assert not (models / "small.openvino-int8.xml").exists()
    assert (models / "small.onnx").stat().st_size > 1 << 20
    assert "left out: 8 bits for OpenVINO (NNCF): nncf is not installed" in capsys.readouterr().err
