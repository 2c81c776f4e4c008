"""The network against the outputs of the published models, and the loaders' errors."""

import numpy as np
import pytest
import torch
from PIL import Image

from retinaface_training.network.anchors import MEAN_BGR, decode_boxes, decode_landmarks, encode_boxes, encode_landmarks, make_anchors
from retinaface_training.network.checkpoints import load_backbone, load_checkpoint, load_published, save_weights
from retinaface_training.network.config import NetworkConfig, parse_anchors
from retinaface_training.network.retinaface import RetinaFace

PUBLISHED = {
    "leaky": ("leaky_anchors16.pth", NetworkConfig(activation="leaky:0.1")),
    "relu": ("relu_anchors10.pth", NetworkConfig(anchors=((10, 20), (32, 64), (128, 256)))),
}


@pytest.mark.parametrize("kind", PUBLISHED)
@pytest.mark.parametrize("picture", ["bald_guys", "dogs"])
def test_published_models_answer_as_their_authors_code(research, kind, picture):
    name, config = PUBLISHED[kind]
    network = load_published(research / "weights" / name, config)
    pixels = np.asarray(Image.open(research / "reference" / f"{picture}.vga.ppm").convert("RGB"))[..., ::-1]
    images = torch.from_numpy(pixels - np.float32(MEAN_BGR)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        heads = network(images)
    expected = np.load(research / "reference" / f"{picture}.vga.{kind}.heads.npz")
    for ours, key in [(heads.boxes, "loc"), (heads.classes.softmax(-1), "conf"), (heads.landmarks, "landms")]:
        np.testing.assert_allclose(ours[0].numpy(), expected[key], atol=1e-4)


@pytest.mark.parametrize("stem_stride", [2, 4])
@pytest.mark.parametrize("size", [(33, 47), (64, 96)])
def test_one_output_an_anchor_at_any_size(stem_stride, size):
    height, width = size
    config = NetworkConfig(stem_stride=stem_stride)
    heads = RetinaFace(config).eval()(torch.zeros(2, 3, height, width))
    count = len(make_anchors(width, height, config.anchors))
    assert [tuple(head.shape) for head in heads] == [(2, count, 2), (2, count, 4), (2, count, 10)]


def test_anchor_order_is_level_y_x_anchor():
    anchors = make_anchors(40, 16, ((16, 32), (64, 128), (256, 512)))
    assert len(anchors) == 2 * (5 * 2 + 3 * 1 + 2 * 1)
    assert anchors[:3].tolist() == [[4, 4, 16, 16], [4, 4, 32, 32], [12, 4, 16, 16]]
    assert anchors[10].tolist() == [4, 12, 16, 16]
    assert anchors[-1].tolist() == [48, 16, 512, 512]


def test_encoding_is_undone_by_decoding():
    generator = torch.Generator().manual_seed(1)
    anchors = make_anchors(64, 64, ((16, 32), (64, 128), (256, 512)))
    low = torch.rand(len(anchors), 2, generator=generator) * 50
    boxes = torch.cat([low, low + 1 + torch.rand(len(anchors), 2, generator=generator) * 40], dim=1)
    points = torch.rand(len(anchors), 10, generator=generator) * 64
    torch.testing.assert_close(decode_boxes(encode_boxes(boxes, anchors), anchors), boxes, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(decode_landmarks(encode_landmarks(points, anchors), anchors), points, atol=1e-3, rtol=1e-4)


def test_backbone_starts_from_the_classifier(research):
    network = RetinaFace()
    before = network.backbone.block13.pointwise.conv.weight.clone()
    load_backbone(network, research / "weights" / "mobilenetV1X0.25_pretrain.tar")
    assert not torch.equal(before, network.backbone.block13.pointwise.conv.weight)


def test_weights_survive_a_file(tmp_path):
    network = RetinaFace(NetworkConfig(activation="leaky:0.1", anchors=parse_anchors("10,20/32,64/128,256")))
    save_weights(network, tmp_path / "weights.pth")
    again = load_checkpoint(tmp_path / "weights.pth")
    assert again.config == network.config
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize(
    "content, message",
    [
        ({"body.stage9.0.0.weight": torch.zeros(1)}, "body.stage9.0.0.weight is not a key"),
        ({"epoch": 3}, "dictionary of tensors"),
        ([1, 2], "dictionary of tensors"),
    ],
)
def test_unknown_published_weights_are_named(tmp_path, content, message):
    torch.save(content, tmp_path / "odd.pth")
    with pytest.raises(ValueError, match=f"odd.pth: .*{message}"):
        load_published(tmp_path / "odd.pth", NetworkConfig())
    (tmp_path / "broken.pth").write_bytes(b"PK")
    with pytest.raises(ValueError, match="broken.pth: not a PyTorch checkpoint"):
        load_published(tmp_path / "broken.pth", NetworkConfig())


def test_misfits_are_named(research, tmp_path):
    with pytest.raises(ValueError, match="leaky_anchors16.pth: the weights do not fit"):
        load_published(research / "weights" / "leaky_anchors16.pth", NetworkConfig(anchors=((16,), (64,), (256,))))
    with pytest.raises(ValueError, match="leaky_anchors16.pth: is not a checkpoint of this training"):
        load_checkpoint(research / "weights" / "leaky_anchors16.pth")
    with pytest.raises(ValueError, match="anchors '16,x'"):
        parse_anchors("16,x")
    with pytest.raises(ValueError, match="activation 'gelu'"):
        NetworkConfig(activation="gelu")
