"""Checkpoints of many forms: each gives the same network, or a message that lists the keys."""

import argparse
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from retinaface_training import export
from retinaface_training.network.checkpoints import _PUBLISHED_NAMES, load_backbone, load_published, save_weights
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.retinaface import RetinaFace

OPTIONS = ["--anchors", "16,32/64,128/256,512", "--activation", "leaky"]


@pytest.fixture(scope="module")
def published() -> dict[str, torch.Tensor]:
    """A state dictionary with the published names, of random weights."""
    places = {f"body.stage{stage}.{place}.{unit}" for stage, count in ((1, 6), (2, 6), (3, 2)) for place in range(count) for unit in "0134"}
    places |= {
        f"fpn.{kind}{index}.{unit}" for kind, count in (("output", 3), ("merge", 2)) for index in range(1, count + 1) for unit in "01"
    }
    places |= {
        f"ssh{index}.{name}.{unit}"
        for index in "123"
        for name in ("conv3X3", "conv5X5_1", "conv5X5_2", "conv7X7_2", "conv7x7_3")
        for unit in "01"
    }
    places |= {f"{kind}Head.{index}.conv1x1" for kind in ("Class", "Bbox", "Landmark") for index in "012"}
    ours = {}
    for place in places:
        for pattern, name in _PUBLISHED_NAMES:
            if found := re.fullmatch(pattern, place.replace("X", "x")):
                ours[name(*found.groups())] = place
    torch.manual_seed(1)
    state = RetinaFace(NetworkConfig(activation="leaky:0.1")).state_dict()
    return {f"{ours[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}": value for key, value in state.items()}


def prefixed(state, prefix):
    return OrderedDict((prefix + key, value) for key, value in state.items())


def inner(state, part):
    """The part inside the names: DataParallel or torch.compile around the backbone alone."""
    return {key.replace("body.", f"body.{part}."): value for key, value in state.items()}


OTHER = {"teacher_loss.weight": torch.ones(2), "metric": torch.ones(1)}
WRAPPED = {
    "bare": lambda s: s,
    **{
        key: lambda s, key=key: {key: s, "epoch": 3, "optimizer": {"state": {0: {"momentum": torch.ones(1)}}, "param_groups": []}}
        for key in ("model", "model_state_dict", "state_dict", "net", "network", "ema", "weights", "params", "generator", "MODEL_STATE")
    },
    "module.": lambda s: prefixed(s, "module."),
    "_orig_mod.": lambda s: prefixed(s, "_orig_mod."),
    "module._orig_mod.": lambda s: prefixed(s, "module._orig_mod."),
    "inner": lambda s: inner(s, "_orig_mod"),
    "inner module": lambda s: {"model": inner(s, "module")},
    "lightning": lambda s: {
        "state_dict": {**prefixed(s, "model."), **OTHER},
        "pytorch-lightning_version": "2.1",
        "hyper_parameters": {"lr": 0.1},
    },
    "lightning compiled": lambda s: {"state_dict": prefixed(s, "model._orig_mod."), "epoch": 1},
    "nested": lambda s: {"checkpoint": {"state": {"model": prefixed(s, "module.")}}},
    "swa": lambda s: {**prefixed(s, "module."), "n_averaged": torch.tensor(3)},
    "ema shadow": lambda s: {
        "model": {key: value + 1 for key, value in s.items()},
        "ema": {"decay": 0.9, "shadow": prefixed(s, "module.")},
    },
    "ema prefix": lambda s: {**prefixed({key: value + 1 for key, value in s.items()}, "online_model."), **prefixed(s, "ema_model.")},
    "arguments": lambda s: {"model": s, "args": argparse.Namespace(data=Path("x"), lr=0.1)},
    "parameters": lambda s: {"model": {key: nn.Parameter(v) if v.is_floating_point() else v for key, v in s.items()}},
    "double": lambda s: {"model": {key: v.double() if v.is_floating_point() else v for key, v in s.items()}},
}


def exported(tmp_path, content, *options):
    torch.save(content, tmp_path / "x.pth")
    return export.main([str(tmp_path / "x.pth"), "--output", str(tmp_path / "x.safetensors"), *options])


@pytest.fixture(scope="module")
def expected(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    assert exported(folder, published, *OPTIONS) == 0
    return safetensors.numpy.load_file(folder / "x.safetensors")


@pytest.mark.parametrize("kind", WRAPPED)
def test_the_same_network_comes_out(tmp_path, published, expected, kind):
    assert exported(tmp_path, WRAPPED[kind](published), *OPTIONS) == 0
    tensors = safetensors.numpy.load_file(tmp_path / "x.safetensors")
    assert tensors.keys() == expected.keys()
    assert all(np.abs(tensors[name] - expected[name]).max() <= (1e-6 if kind == "double" else 0) for name in expected)


@pytest.mark.parametrize("kind", list(WRAPPED))
def test_without_options_the_message_asks_for_them(tmp_path, published, kind, capsys):
    assert exported(tmp_path, WRAPPED[kind](published)) == 1
    message = capsys.readouterr().err
    assert "--activation leaky:0.1 --anchors" in message and "leave" not in message and message.count("\n") == 1


@pytest.mark.parametrize("stem_stride", [2, 4])
def test_our_own_names_without_a_configuration_are_read(tmp_path, stem_stride):
    network = RetinaFace(NetworkConfig(activation="leaky:0.1", stem_stride=stem_stride)).eval()
    torch.save({"model": prefixed(network.state_dict(), "_orig_mod.")}, tmp_path / "own.pth")
    again = load_published(tmp_path / "own.pth", NetworkConfig(activation="leaky:0.1"))
    assert again.config == network.config
    assert all((value == again.state_dict()[key]).all() for key, value in network.state_dict().items())


def test_a_compiled_network_of_our_training_is_read(tmp_path):
    network = RetinaFace(NetworkConfig())
    save_weights(network, tmp_path / "own.pth", prefixed(network.state_dict(), "_orig_mod."))
    assert export.main([str(tmp_path / "own.pth"), "--output", str(tmp_path / "x.safetensors")]) == 0


@pytest.mark.parametrize(
    "content, message",
    [
        (
            {"epoch": 3, "model": {"conv1.weight": torch.ones(1), "conv1.bias": torch.ones(1)}},
            "its keys are epoch, model/conv1.weight, model/conv1.bias",
        ),
        ({"epoch": 3}, "its keys are epoch; it holds no dictionary of tensors"),
        ({}, "its keys are none"),
        ([1], "it is a list, not a dictionary of tensors"),
        ({"a": {"body.x": torch.ones(1)}, "b": {"body.x": torch.ones(1)}}, "holds several networks (a, b)"),
        ({"module.body.x": torch.ones(1), "body.x": torch.ones(1)}, "holds body.x twice, once as body.x"),
        ({"body.conv1.weight": torch.ones(1)}, "body.conv1.weight is not a key of the published RetinaFace MobileNet-0.25"),
        ({"config": {"activation": "relu"}, "network": {"a": torch.ones(1)}}, "its configuration cannot be used: KeyError('anchors')"),
    ],
)
def test_what_is_not_recognised_is_told_with_its_keys(tmp_path, content, message, capsys):
    for options in ([], OPTIONS) if "configuration" not in message else ([],):
        assert exported(tmp_path, content, *options) == 1
        assert message in capsys.readouterr().err


def test_python_objects_are_told_with_the_remedy(tmp_path, capsys):
    assert exported(tmp_path, {"model": nn.Conv2d(1, 1, 1)}, *OPTIONS) == 1
    assert "contains Python objects besides the weights; save only the weights" in capsys.readouterr().err


def test_a_wrapped_classifier_is_a_backbone(tmp_path, published):
    state = {key.removeprefix("body."): value for key, value in published.items() if key.startswith("body.")} | {"fc.weight": torch.ones(1)}
    network = RetinaFace(NetworkConfig())
    torch.save({"model": prefixed(state, "module.")}, tmp_path / "b.pth")
    load_backbone(network, tmp_path / "b.pth")
    assert (network.state_dict()["backbone.stem.conv.weight"] == state["stage1.0.0.weight"]).all()
