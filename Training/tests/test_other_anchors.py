"""Anchors of two networks: the places that they share, and heads converted from one to the other."""

import pytest
import torch

from retinaface_training import train
from retinaface_training.exchange import model_file, rfm
from retinaface_training.exchange.graph import ModelFileError
from retinaface_training.exchange.other_anchors import with_anchors
from retinaface_training.exchange.walk import export_graph
from retinaface_training.network.anchors import decode_boxes, decode_landmarks, make_anchors, shared_anchors
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.retinaface import RetinaFace
from retinaface_training.run.options import TRAINING

OLD = ((16, 32), (64, 128), (256, 512))
NEW = ((10, 16, 32), (64,), (200, 512))
NEAREST = ((16, 16, 32), (64,), (256, 512))
"""The old anchor from which each new one is converted."""


def network(anchors):
    torch.manual_seed(2)
    return RetinaFace(NetworkConfig(anchors=anchors)).eval()


def test_levels_may_have_different_numbers_of_anchors():
    heads = network(NEW)(torch.zeros(2, 3, 33, 47))
    count = len(make_anchors(47, 33, NEW))
    assert count == 5 * 6 * 3 + 3 * 3 + 2 * 2 * 2
    assert [tuple(head.shape) for head in heads] == [(2, count, 2), (2, count, 4), (2, count, 10)]
    with pytest.raises(ValueError, match="need sides for each of 3 levels"):
        NetworkConfig(anchors=((16,), (), (256,)))


def test_a_converted_head_finds_the_same_boxes():
    old, new = network(OLD), network(NEW)
    tensors = {name: torch.from_numpy(value) for name, value in with_anchors(export_graph(old)[1], OLD, NEW).items()}
    features = [torch.rand(1, 64, 6, 8), torch.rand(1, 64, 3, 4), torch.rand(1, 64, 2, 2)]
    for level in (3, 4, 5):
        for role, head in getattr(new, f"head{level}").items():
            head.load_state_dict({kind: tensors[f"head{level}.{role}.{kind}"] for kind in ("weight", "bias")})
    before, after = old.heads(features), new.heads(features)
    # Each new anchor stands for its nearest old one: all of them as places in the old network's anchors.
    anchors, cells, start, places = (make_anchors(64, 48, sides) for sides in (OLD, NEW)), (48, 12, 4), 0, []
    for count, old_sides, nearest in zip(cells, OLD, NEAREST, strict=True):
        places += [start + cell * len(old_sides) + old_sides.index(side) for cell in range(count) for side in nearest]
        start += count * len(old_sides)
    old_anchors, new_anchors = anchors
    torch.testing.assert_close(after.classes[0], before.classes[0, places])
    for decode, kind in ((decode_boxes, "boxes"), (decode_landmarks, "landmarks")):
        expected = decode(getattr(before, kind)[0, places], old_anchors[places])
        torch.testing.assert_close(decode(getattr(after, kind)[0], new_anchors), expected, atol=1e-3, rtol=1e-5)


def test_shared_anchors_are_those_of_the_same_place_and_side():
    ours, theirs = NEW, ((10, 20), (32, 64), (512, 256))
    places = shared_anchors(50, 40, ours, theirs)
    mine, others = make_anchors(50, 40, ours)[places[0]], make_anchors(50, 40, theirs)[places[1]]
    assert torch.equal(mine, others)
    assert len(mine) == 7 * 5 + 4 * 3 + 2 * 2  # sides 10, 64 and 512
    assert shared_anchors(50, 40, ours, ours) is None
    assert [len(part) for part in shared_anchors(50, 40, ours, ((1,), (1,), (1,)))] == [0, 0]


class FewBatches:
    """Inputs for the batch norms, without pictures."""

    class config:
        pixels = 1 << 30

    def shape(self, step):
        return 64, 1

    def __getitem__(self, step):
        return step


def test_training_starts_from_a_model_with_other_anchors(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "network_input", lambda batch, device: torch.rand(4, 3, 64, 64) * 100)
    old = network(OLD)
    model_file.write(tmp_path / "old.safetensors", old)
    started = network(NEW)
    train._start_from(started, tmp_path / "old.safetensors", FewBatches())
    expected = with_anchors(export_graph(old)[1], OLD, NEW)
    assert all(torch.equal(started.state_dict()[name], torch.from_numpy(value)) for name, value in expected.items() if name[:4] == "head")
    with pytest.raises(ModelFileError, match="another network"):
        train._start_from(RetinaFace(NetworkConfig("leaky:0.1", NEW)), tmp_path / "old.safetensors", FewBatches())


def test_training_starts_from_the_model_that_ships(monkeypatch):
    monkeypatch.setattr(train, "network_input", lambda batch, device: torch.rand(4, 3, 64, 64) * 100)
    shipped = TRAINING.parent / "Models" / "default-float32.rfm"
    started = RetinaFace()
    train._start_from(started, shipped, FewBatches())
    weights = rfm.read(shipped).tensors
    assert torch.equal(started.head3["box"].weight, torch.from_numpy(weights["head3.box.weight"].copy()))
    assert torch.equal(started.backbone.stem.conv.weight, torch.from_numpy(weights["backbone.stem.weight"].copy()))
    with pytest.raises(ModelFileError, match="is an int8 model; start from the float32 model"):
        train._start_from(started, shipped.with_name("default.rfm"), FewBatches())
