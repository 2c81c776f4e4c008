"""Training that starts from an exported file: the function stays the same; files of another network are refused."""

import numpy as np
import pytest
import torch

from retinaface_training import train
from retinaface_training.exchange import model_file
from retinaface_training.exchange.folding import DEAD_VARIANCE
from retinaface_training.exchange.graph import ModelFileError
from retinaface_training.exchange.unfolding import unfold
from retinaface_training.exchange.walk import export_graph
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.retinaface import ConvNorm, RetinaFace


@pytest.fixture
def trained():
    """A network whose batch norms have random scales and shifts."""
    torch.manual_seed(3)
    network = RetinaFace(NetworkConfig())
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 2.0)
            torch.nn.init.uniform_(module.bias, -0.5, 1.0)
    return network.eval()


@pytest.mark.parametrize("training", [False, True])
def test_the_function_stays(trained, training):
    images = torch.randn(4, 3, 96, 128) * 60
    other = RetinaFace(trained.config)
    unfold(other, export_graph(trained)[1], images)
    other.train(training)
    with torch.no_grad():
        for mine, theirs in zip(other(images), trained(images), strict=True):
            assert float((mine - theirs).abs().max()) < 2e-3 * float(theirs.abs().max())


def test_folding_again_gives_the_same_tensors_but_for_dead_channels(trained):
    tensors = export_graph(trained)[1]
    other = RetinaFace(trained.config)
    unfold(other, tensors, torch.randn(4, 3, 64, 64) * 60)
    again = export_graph(other)[1]
    for name, tensor in tensors.items():
        module = other.get_submodule(name.rpartition(".")[0])
        alive = module.norm.running_var.numpy() >= DEAD_VARIANCE if isinstance(module, ConvNorm) else np.ones(len(tensor), bool)
        np.testing.assert_allclose(again[name][alive], tensor[alive], atol=1e-4 * max(1.0, float(np.abs(tensor).max())), err_msg=name)
        # Up to half of an untrained layer's channels are dead: its input's biases are below zero.
        assert alive.mean() > 0.5, name


def test_a_model_with_other_anchors_is_refused(trained, tmp_path):
    model_file.write(tmp_path / "m.safetensors", trained)
    network = RetinaFace(NetworkConfig("leaky:0.1"))
    with pytest.raises(ModelFileError, match="options ask for"):
        train._start_from(network, tmp_path / "m.safetensors", None)
