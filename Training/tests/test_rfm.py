"""The reader of model files, on the models that ship."""

import random
import struct
import zlib

import numpy
import pytest

from conftest import TRAINING
from retinaface_training.exchange import rfm
from retinaface_training.exchange.graph import UPSAMPLE_ADD, Level, ModelFileError

MODELS = TRAINING.parent / "Models"
FLOAT_MODEL, INT8_MODEL = MODELS / "default-float32.rfm", MODELS / "default.rfm"
PARAMETERS = 423_264


def with_checksum(data):
    struct.pack_into("<I", data, 12, zlib.crc32(data[16:]))
    return bytes(data)


def changed(offset, value, file=FLOAT_MODEL):
    data = bytearray(file.read_bytes())
    struct.pack_into("<I", data, offset, value)
    return with_checksum(data) if offset >= 16 else bytes(data)


def test_reads_every_weight():
    model = rfm.read(FLOAT_MODEL)
    weights = [values for name, values in model.tensors.items() if name.endswith(".weight")]
    assert model.int8 is None and model.graph.layers[0].inputs == ("input",) and weights[0].shape[1:] == (3, 3, 3)
    assert len({layer.name for layer in model.graph.layers}) == len(model.graph.layers)
    assert all(values.dtype == numpy.float32 and numpy.isfinite(values).all() and values.std() > 0 for values in weights)
    # The card counts the parameters of training, with scale and shift of each batch norm; the file has one bias for both.
    assert 0.98 * PARAMETERS < sum(values.size for values in model.tensors.values()) <= PARAMETERS


@pytest.mark.parametrize("file", [FLOAT_MODEL, INT8_MODEL])
def test_reads_input_and_levels(file):
    facts = rfm.read(file).graph.description
    assert (facts.order, facts.mean, facts.scale, facts.variances) == ("bgr", (104, 117, 123), 1, (0.1, 0.2))
    assert facts.levels == (Level(8, (16, 32)), Level(16, (64, 128)), Level(32, (256, 512)))


def test_reads_the_same_network_in_8_bits():
    """The integers stand for the float weights: equal up to a scale per output channel and one per input channel."""
    floats, integers = rfm.read(FLOAT_MODEL), rfm.read(INT8_MODEL)
    assert integers.graph.layers == floats.graph.layers and integers.graph.heads == floats.graph.heads
    for layer in integers.graph.layers:
        if layer.operation != UPSAMPLE_ADD:
            weights = integers.tensors[f"{layer.name}.weight"]
            assert (weights.dtype, integers.tensors[f"{layer.name}.bias"].dtype) == (numpy.int8, numpy.int32)
            assert integers.int8.multipliers[layer.name].shape == weights.shape[:1]
            signs = numpy.sign(weights) * numpy.sign(floats.tensors[f"{layer.name}.weight"])
            assert (signs < 0).mean() < 0.01, layer.name
    heads = {head.layer for head in integers.graph.heads}
    assert integers.int8.zeros.keys() == {layer.output for layer in integers.graph.layers if layer.output and layer.name not in heads}


@pytest.mark.parametrize(
    "offset, value, reason",
    [
        (0, 0, "not a model"),
        (8, 1, "version 1, not 2; python3 Training/upgrade_model.py"),
        (12, 0, "checksum"),
        (16, 3, "precision 3"),
        (16, 2, "numbers of type"),
        (20, 1 << 20, "more than 4096"),
        (24, 4095, "incomplete"),
        (32, 2, "needed a name of 1 to 128"),
        (84, 0, "scale"),
    ],
)
def test_refuses(offset, value, reason):
    with pytest.raises(ModelFileError, match=reason):
        rfm.parse(changed(offset, value))


def test_errors_name_the_file(tmp_path):
    (tmp_path / "x.rfm").write_bytes(FLOAT_MODEL.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match="x.rfm: the checksum is wrong"):
        rfm.read(tmp_path / "x.rfm")


def test_damaged_records_are_refused_or_read():
    """Changes bytes of the records at random: whatever they say, the answer is a model or a ModelFileError."""
    data, chance = INT8_MODEL.read_bytes(), random.Random(1)
    blob = struct.unpack_from("<Q", data, 40)[0]
    refused = 0
    for _ in range(150):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            broken[chance.randrange(16, blob)] = chance.choice([0, 1, 2, 127, 128, 255, chance.randrange(256)])
        try:
            rfm.parse(with_checksum(broken))
        except ModelFileError:
            refused += 1
    assert refused > 50
