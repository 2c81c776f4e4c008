"""The reader of model files, on the model that ships."""

import pathlib
import struct
import sys
import zlib

import numpy
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Benchmarks"))
import rfm  # noqa: E402


def changed(offset, value):
    data = bytearray((ROOT / "Models/default.rfm").read_bytes())
    struct.pack_into("<I", data, offset, value)
    if offset >= 16:
        struct.pack_into("<I", data, 12, zlib.crc32(data[16:]))
    return bytes(data)


def test_reads_every_weight():
    layers = rfm.read_layers(changed(16, rfm.FLOAT32))
    weighted = [layer for layer in layers if layer.weights is not None]
    assert layers[0].source == 0 and layers[0].weights.shape[-1] == 3
    assert len({layer.name for layer in layers}) == len(layers)
    assert all(numpy.isfinite(layer.weights).all() and layer.weights.std() > 0 for layer in weighted)


@pytest.mark.parametrize("offset, value, reason", [(0, 0, "not a model"), (8, 2, "version 2"), (12, 0, "checksum"), (16, 2, "float32")])
def test_refuses(offset, value, reason):
    with pytest.raises(rfm.ModelError, match=reason):
        rfm.read_layers(changed(offset, value))
