"""The reader of model files, on the model that ships."""

import struct
import zlib

import numpy
import pytest

from peers import rfm
from peers.paths import FLOAT_MODEL, INT8_MODEL

PARAMETERS = 423_264


def changed(offset, value):
    data = bytearray(FLOAT_MODEL.read_bytes())
    struct.pack_into("<I", data, offset, value)
    if offset >= 16:
        struct.pack_into("<I", data, 12, zlib.crc32(data[16:]))
    return bytes(data)


def test_reads_every_weight():
    model = rfm.read_model(FLOAT_MODEL.read_bytes())
    weighted = [layer for layer in model.layers if layer.weights is not None]
    assert model.layers[0].source == 0 and model.layers[0].weights.shape[-1] == 3
    assert len({layer.name for layer in model.layers}) == len(model.layers)
    assert all(numpy.isfinite(layer.weights).all() and layer.weights.std() > 0 for layer in weighted)
    # The card counts the parameters of training, with scale and shift of each batch norm; the file has one bias for both.
    assert 0.98 * PARAMETERS < sum(layer.weights.size + layer.bias.size for layer in weighted) <= PARAMETERS


def test_reads_input_and_levels():
    model = rfm.read_model(FLOAT_MODEL.read_bytes())
    assert (model.rgb, model.mean, model.scale) == (False, (104, 117, 123), 1)
    assert [level.stride for level in model.levels] == [8, 16, 32]
    for level in model.levels:
        outputs = [len(model.layers[head].bias) for head in (level.classes, level.boxes, level.landmarks)]
        assert outputs == [2 * level.anchors, 4 * level.anchors, 10 * level.anchors]


@pytest.mark.parametrize(
    "offset, value, reason",
    [
        (0, 0, "not a model"),
        (8, 1, "version 1, not 2; python3 Training/upgrade_model.py"),
        (12, 0, "checksum"),
        (16, 2, "float32"),
        (24, 1 << 20, "incomplete|numbers of type"),
        (28, 1 << 20, "incomplete"),
        (32, 2, "incomplete"),
    ],
)
def test_refuses(offset, value, reason):
    with pytest.raises(rfm.ModelError, match=reason):
        rfm.read_model(changed(offset, value))


def test_refuses_the_8_bit_model_that_ships():
    with pytest.raises(rfm.ModelError, match="float32"):
        rfm.read_model(INT8_MODEL.read_bytes())
