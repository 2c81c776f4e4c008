"""Folding and the exchange file: equal to PyTorch's batch norm and to the reference outputs; incomplete files are refused."""

import numpy
import pytest
import safetensors.numpy
import torch
from PIL import Image
from torch import nn

from retinaface_training import export
from retinaface_training.exchange import folding, model_file
from retinaface_training.exchange.graph import ModelFileError
from retinaface_training.exchange.interpreter import Interpreter
from retinaface_training.network.checkpoints import save_weights
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.retinaface import RetinaFace

PUBLISHED = {
    "leaky": ("leaky_anchors16.pth", "leaky", "16,32/64,128/256,512"),
    "relu": ("relu_anchors10.pth", "relu", "10,20/32,64/128,256"),
}
CONFIGS = [NetworkConfig("relu", ((10, 20), (32, 64), (128, 256))), NetworkConfig("leaky:0.25", ((12,), (48,), (192,)), stem_stride=4)]


def lived_in(module, seed=1):
    """`module` in evaluation mode with random weights and, in its batch norms, random statistics."""
    generator = torch.Generator().manual_seed(seed)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            for values in (norm.weight.data, norm.running_var):
                values.uniform_(0.5, 1.5, generator=generator)
            for values in (norm.bias.data, norm.running_mean):
                values.uniform_(-0.5, 0.5, generator=generator)
    return module.eval()


@pytest.mark.parametrize("bias", [False, True])
def test_folded_convolution_equals_convolution_and_batch_norm(bias):
    layer = lived_in(nn.Sequential(nn.Conv2d(4, 6, 3, padding=1, bias=bias), nn.BatchNorm2d(6))).double()
    x = torch.randn(2, 4, 9, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        folded = nn.functional.conv2d(x, *folding.fold(*layer), padding=1)
        assert (folded - layer(x)).abs().max() < 1e-12


def test_a_channel_that_never_varied_becomes_a_constant():
    convolution, norm = lived_in(nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)))
    norm.running_var[2] = 1e-9
    weight, bias = folding.fold(convolution, norm)
    assert (weight[2] == 0).all() and bias[2] == norm.bias[2]
    assert (weight[[0, 1, 3, 4, 5]] != 0).all()


@pytest.mark.parametrize("config", CONFIGS)
def test_exchange_file_does_what_the_network_did(tmp_path, config):
    network = lived_in(RetinaFace(config))
    checkpoint, output = tmp_path / "own.pth", tmp_path / "own.safetensors"
    save_weights(network, checkpoint)
    assert export.main([str(checkpoint), "--output", str(output)]) == 0
    folded = Interpreter.load(output)
    assert folded.description == network.description
    x = torch.randn(1, 3, 83, 101, generator=torch.Generator().manual_seed(3)) * 60
    with torch.no_grad():
        for ours, theirs in zip(folded(x), network(x), strict=True):
            assert ours.shape == theirs.shape
            assert (ours - theirs).abs().max() < 1e-4 * theirs.abs().max()


def test_equal_networks_give_equal_bytes(tmp_path):
    network = lived_in(RetinaFace(CONFIGS[0]))
    for name in ("a", "b"):
        model_file.write(tmp_path / name, network)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("kind", PUBLISHED)
def test_published_weights_give_the_reference_heads(research, tmp_path, kind):
    file, activation, anchors = PUBLISHED[kind]
    output = tmp_path / "model.safetensors"
    assert export.main([str(research / "weights" / file), "--output", str(output), "--activation", activation, "--anchors", anchors]) == 0
    network = Interpreter.load(output)
    for picture in ("bald_guys", "dogs"):
        image = numpy.asarray(Image.open(research / f"reference/{picture}.vga.ppm"))[:, :, ::-1].astype(numpy.float32)
        x = torch.from_numpy((image - numpy.float32([104, 117, 123])).transpose(2, 0, 1).copy())[None]
        with torch.no_grad():
            heads = network(x)
        reference = numpy.load(research / f"reference/{picture}.vga.{kind}.heads.npz")
        for name, values in (("loc", heads.boxes), ("conf", heads.classes.softmax(-1)), ("landms", heads.landmarks)):
            assert numpy.abs(reference[name] - values[0].numpy()).max() < 1e-4, (picture, name)


@pytest.mark.parametrize(
    "options,message",
    [
        (["--activation", "relu"], "--anchors 10,20/32,64/128,256"),
        (["--activation", "relu", "--anchors", "10/32/128"], "do not fit the network"),
        (["--activation", "swish", "--anchors", "10,20/32,64/128,256"], "activation 'swish'"),
        (["--activation", "relu", "--anchors", "10,20/32,64"], "levels"),
    ],
)
def test_published_weights_with_wrong_options_are_refused(research, tmp_path, capsys, options, message):
    weights = str(research / "weights/relu_anchors10.pth")
    assert export.main([weights, "--output", str(tmp_path / "x.safetensors"), *options]) == 1
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_own_weights_take_no_options_and_exchange_files_no_second_folding(tmp_path, capsys):
    save_weights(RetinaFace(CONFIGS[0]), tmp_path / "own.pth")
    model_file.write(tmp_path / "own.safetensors", RetinaFace(CONFIGS[0]))
    assert export.main([str(tmp_path / "own.pth"), "--output", str(tmp_path / "x"), "--activation", "relu"]) == 1
    assert "leave --activation" in capsys.readouterr().err
    assert export.main([str(tmp_path / "own.safetensors"), "--output", str(tmp_path / "x")]) == 1
    assert "folded already" in capsys.readouterr().err


def test_checkpoint_without_batch_norm_is_refused(tmp_path, capsys):
    network = RetinaFace(CONFIGS[0])
    state = {name: values for name, values in network.state_dict().items() if ".norm." not in name}
    save_weights(network, tmp_path / "folded.pth", state)
    assert export.main([str(tmp_path / "folded.pth"), "--output", str(tmp_path / "x.safetensors")]) == 1
    message = capsys.readouterr().err
    assert 'Missing key(s) in state_dict: "backbone.stem.norm.weight"' in message and message.count("\n") == 1
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint", b"\x80\x02}q\x00."])
def test_broken_checkpoint_is_one_clear_line(tmp_path, capsys, content):
    weights = tmp_path / "broken.pth"
    if content is not None:
        weights.write_bytes(content)
    assert export.main([str(weights), "--output", str(tmp_path / "x.safetensors")]) == 1
    message = capsys.readouterr().err
    assert "broken.pth" in message and message.count("\n") == 1


def test_exchange_file_with_a_fault_is_refused(tmp_path):
    file = tmp_path / "model.safetensors"
    graph, tensors = model_file.write(file, lived_in(RetinaFace(CONFIGS[0])))
    read = model_file.read(file)
    assert read[0] == graph and all(numpy.array_equal(read[1][name], tensor) for name, tensor in tensors.items())
    bias = tensors["pyramid.merge3.bias"]
    faults = {
        "'head4.box.bias' is missing": {k: v for k, v in tensors.items() if k != "head4.box.bias"},
        "'more' belongs to no layer": tensors | {"more": bias},
        "not finite": tensors | {"pyramid.merge3.bias": bias * numpy.float32("nan")},
        "needed float32": tensors | {"pyramid.merge3.bias": bias.astype(numpy.float64)},
        "pyramid.merge3.*shape": tensors | {"pyramid.merge3.bias": bias[1:]},
        "dimensions": tensors | {"pyramid.merge3.bias": bias[None]},
    }
    facts = {"format": "retinaface-2", "graph": graph.to_json()}
    for message, broken in faults.items():
        safetensors.numpy.save_file(broken, file, metadata=facts)
        with pytest.raises(ModelFileError, match=f"model.safetensors: .*{message}"):
            model_file.read(file)
    for changed, message in (
        ({}, "format"),
        ({"format": "retinaface-2"}, "keys"),
        (facts | {"more": ""}, "keys"),
        (facts | {"graph": "{}"}, "is missing"),
        ({"format": "retinaface-1"}, "version 1; export the checkpoint again: python -m retinaface_training.export"),
    ):
        safetensors.numpy.save_file(tensors, file, metadata=changed)
        with pytest.raises(ModelFileError, match=f"model.safetensors: .*{message}"):
            model_file.read(file)


def test_network_with_a_weight_that_is_not_finite_is_not_written(tmp_path):
    network = RetinaFace(CONFIGS[0])
    network.head3["box"].bias.data[0] = float("inf")
    with pytest.raises(ModelFileError, match="head3.box.bias"):
        model_file.write(tmp_path / "x", network)
    assert list(tmp_path.iterdir()) == []


def test_a_header_that_says_a_thing_twice_is_refused(tmp_path):
    entry = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    for header, name in (
        (f'{{"a":{entry},"a":{entry}}}', "a"),
        (f'{{"a":{entry},"\\u0061":{entry}}}', "a"),
        ('{"__metadata__":{"x":"1","x":"2"}}', "x"),
    ):
        path = tmp_path / "twice.safetensors"
        path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(4))
        with pytest.raises(ModelFileError, match=f"twice.safetensors: .*'{name}' twice"):
            model_file.read(path)
