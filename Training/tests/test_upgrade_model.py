"""Conversion of model files of version 1: the same numbers in records of version 2; hostile files and targets are refused."""

import random
import struct
import subprocess
import sys
import zlib

import pytest

import upgrade_model
from conftest import TRAINING
from upgrade_model import NONE, ModelError, upgrade

NAMES = b"tinyinputfinecoarseaddclassboxlandmarks"


def name(text):
    return NAMES.index(text.encode()), len(text)


def old_layer(text, operation, source, target, channels, attributes, slope, offsets, head=0):
    return struct.pack("<12If3I3Q8x", operation, source, NONE, target, 0, *channels, *attributes, head, slope, *name(text), 0, *offsets)


def old_model(precision):
    """A model of version 1 with every operation: two convolutions of the input, a sum, three heads."""
    is_int8 = precision == 2
    zero, head, size = (7, 1, 1) if is_int8 else (0, 0, 4)
    tensors = [
        struct.pack("<4I16x", channels, *name(text), value)
        for text, channels, value in (("input", 3, 0), ("fine", 2, zero), ("coarse", 2, zero), ("class", 2, 0))
    ]
    blob, places = bytearray(), {}
    for text, weights, outputs in (("fine", 54, 2), ("coarse", 18, 2), ("class", 4, 2), ("box", 8, 4), ("landmarks", 20, 10)):
        places[text] = []
        for numbers in (weights * size, outputs * 4, outputs * 4 if is_int8 else 0):
            blob += bytes(-len(blob) % 64)
            places[text].append(len(blob) if numbers else 0)
            blob += bytes(random.Random(text).randrange(256) for _ in range(numbers))
    layers = [
        old_layer("fine", 1, 0, 1, (3, 2), (3, 3, 2, 1), 0.25, places["fine"]),
        old_layer("coarse", 2, 1, 2, (2, 2), (3, 3, 2, 1), 0, places["coarse"]),
        old_layer("add", 3, 2, 1, (2, 2), (1, 1, 1, 0), 1, (64, 64, 64)),
        old_layer("class", 1, 1, 3, (2, 2), (1, 1, 1, 0), 1, places["class"], head),
        old_layer("box", 1, 1, NONE, (2, 4), (1, 1, 1, 0), 1, places["box"], head),
        old_layer("landmarks", 1, 1, NONE, (2, 10), (1, 1, 1, 0), 1, places["landmarks"], head),
    ]
    level = struct.pack("<6I8f8x", 2, 1, 3, 4, 5, 1, 16, *[0] * 7)
    records = b"".join([*tensors, *layers, level]) + NAMES
    start = -(-(128 + len(records)) // 64) * 64
    facts = struct.pack("<3I6f", *name("tiny"), 1, 104, 117, 123, 0.5, 0.1, 0.2)
    header = struct.pack("<4I2QI", precision, 4, 6, 1, start, len(blob), len(NAMES)) + facts
    return seal((header + struct.pack("<Q", 99)).ljust(112, b"\0") + records.ljust(start - 128, b"\0") + blob)


def seal(body):
    return b"RFMODEL\0" + struct.pack("<2I", 1, zlib.crc32(body)) + body


@pytest.mark.parametrize("precision", [1, 2])
def test_every_record_is_converted(precision):
    old, new = old_model(precision), upgrade(old_model(precision))
    is_int8 = precision == 2
    rule, zero = (1, 7) if is_int8 else (0, 0)
    assert new[:12] == b"RFMODEL\0" + struct.pack("<I", 2)
    checksum, *counts = struct.unpack_from("<7I", new, 12)
    assert checksum == zlib.crc32(new[16:]) and counts == [precision, 4, 6, 1, 3, 1]
    blob_start, blob_bytes, name_bytes = struct.unpack_from("<2QI", new, 40)
    assert blob_start % 64 == 0 and blob_start + blob_bytes == len(new) and name_bytes == len(NAMES)
    assert new[blob_start:] == old[-blob_bytes:]
    assert struct.unpack_from("<3I6f", new, 60) == struct.unpack_from("<3I6f", old, 52) and new[96:128] == bytes(32)
    element = 2 if is_int8 else 1
    tensors = [struct.unpack_from("<8I", new, 128 + 32 * i) for i in range(4)]
    assert tensors == [
        (channels, *name(text), value, kind, 0, 0, 0)
        for text, channels, value, kind in (
            ("input", 3, 0, element),
            ("fine", 2, zero, element),
            ("coarse", 2, zero, element),
            ("class", 2, 0, 1),
        )
    ]
    layers = [new[256 + 144 * i :][:144] for i in range(6)]
    assert struct.unpack_from("<10If3I4I", layers[0]) == (1, 0, NONE, NONE, 1, 0, 3, 2, rule, 0, 0.25, *name("fine"), 0, 3, 3, 2, 1)
    assert struct.unpack_from("<10If3I4I", layers[1]) == (2, 1, NONE, NONE, 2, 0, 2, 2, rule, 0, 0, *name("coarse"), 0, 3, 3, 2, 1)
    assert struct.unpack_from("<10If3I4I", layers[2]) == (3, 1, 2, NONE, 1, 0, 2, 2, 0, 0, 1, *name("add"), 0, 0, 0, 0, 0)
    assert struct.unpack_from("<5I", layers[4]) == (1, 1, NONE, NONE, NONE)
    constants = [struct.unpack_from("<Q2I", layers[0], 72 + 16 * i) for i in range(4)]
    assert constants == ([(0, 54, 2), (64, 2, 3), (128, 2, 1), (0, 0, 0)] if is_int8 else [(0, 54, 1), (256, 2, 1), (0, 0, 0), (0, 0, 0)])
    assert layers[1][72:80] == struct.pack("<Q", 192 if is_int8 else 320) and layers[2][72:] == bytes(72)
    end = 256 + 144 * 6
    assert struct.unpack_from("<2I8f", new, end) == (2, 1, 16, *[0] * 7) and new[end + 40 : end + 64] == bytes(24)
    heads = [struct.unpack_from("<8I", new, end + 64 + 32 * i) for i in range(3)]
    assert heads == [(1, 0, 3, 2, 0, 0, 0, 0), (2, 0, 4, 4, 0, 0, 0, 0), (3, 0, 5, 10, 0, 0, 0, 0)]
    assert struct.unpack_from("<8I", new, end + 160) == (1, 0, 6, 0, 0, 0, 0, 0)
    assert new[end + 192 : end + 192 + len(NAMES)] == NAMES


@pytest.mark.parametrize("precision", [1, 2])
def test_damaged_files_give_errors_of_their_kind(precision):
    old = old_model(precision)
    for end in range(0, len(old), 7):
        with pytest.raises(ModelError):
            upgrade(old[:end])
    generator, refused = random.Random(precision), 0
    for _ in range(3000):
        body = bytearray(old[16:])
        place = generator.randrange(0, 1000) // 4 * 4
        body[place : place + 4] = struct.pack("<I", generator.choice([0, 1, 255, 70000, NONE, generator.getrandbits(32)]))
        try:
            upgrade(seal(body))
        except ModelError:
            refused += 1
    assert refused > 500


@pytest.mark.parametrize(
    "old, message",
    [
        (b"PK", "is not a model file"),
        (upgrade(old_model(1)), "version 2; only version 1"),
        (old_model(1)[:-1], "damaged"),
        (None, "No such file"),
    ],
)
def test_other_files_are_one_clear_line(tmp_path, capsys, old, message):
    if old is not None:
        (tmp_path / "old.rfm").write_bytes(old)
    assert upgrade_model.main([str(tmp_path / "old.rfm"), str(tmp_path / "new.rfm")]) == 1
    error = capsys.readouterr().err
    assert message in error and "old.rfm" in error and error.count("\n") == 1
    assert not (tmp_path / "new.rfm").exists()


def test_files_that_are_no_models_are_not_overwritten(tmp_path, capsys):
    (tmp_path / "old.rfm").write_bytes(old_model(2))
    (tmp_path / "thesis.txt").write_text("RFMODEL, chapter 1")
    (tmp_path / "folder").mkdir()
    for target in ("thesis.txt", "folder"):
        assert upgrade_model.main([str(tmp_path / "old.rfm"), str(tmp_path / target)]) == 1
        assert target in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "RFMODEL, chapter 1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "old.rfm", "thesis.txt"]


def test_a_model_is_converted_in_place_by_the_script_alone(tmp_path):
    model = tmp_path / "model.rfm"
    model.write_bytes(old_model(2))
    link = tmp_path / "link.rfm"
    link.symlink_to(model)
    subprocess.run([sys.executable, "-I", "-S", TRAINING / "upgrade_model.py", model, link], check=True, capture_output=True)
    assert link.is_symlink() and model.read_bytes() == upgrade(old_model(2))
