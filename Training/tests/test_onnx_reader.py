"""Import of ONNX graphs: ours, and those of PyTorch's exporter in the form of biubug6's convert_to_onnx.py; anything else is refused."""

import copy
import random
import re
import warnings

import numpy
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from conftest import TRAINING
from retinaface_training import export
from retinaface_training.exchange import model_file, onnx_reader, onnx_writer, rfm
from retinaface_training.exchange.graph import ROLES, ModelFileError
from retinaface_training.exchange.interpreter import Interpreter
from retinaface_training.exchange.onnx_writer import Form
from retinaface_training.exchange.walk import export_graph
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.loading import load_network
from retinaface_training.network.retinaface import RetinaFace
from test_export import CONFIGS, PUBLISHED, lived_in

MODELS = TRAINING.parent / "Models"
PLAIN = torch.onnx.TrainingMode.PRESERVE
EXPORTS = {
    "opset 9": {"opset_version": 9},
    "opset 9, norms kept": {"opset_version": 9, "do_constant_folding": False, "training": PLAIN, "keep_initializers_as_inputs": True},
    "opset 11": {"opset_version": 11},
    "opset 11, norms kept": {"opset_version": 11, "do_constant_folding": False, "training": PLAIN},
    "opset 17, any size": {"opset_version": 17, "dynamic_axes": {"input0": {2: "height", 3: "width"}}},
}
ANY_SIZE = Form()
LEAKY, RELU = NetworkConfig("leaky:0.1"), NetworkConfig("relu", ((10, 20), (32, 64), (128, 256)))


class Published(nn.Module):
    """The network with the outputs of the published graphs: boxes, softmax of the classes, landmarks."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        maps = self.network.maps(images)
        boxes, classes, landmarks = (
            torch.cat([m.permute(0, 2, 3, 1).contiguous().view(m.shape[0], -1, ROLES[role]) for m in maps[role]], dim=1)
            for role in ("box", "class", "landmarks")
        )
        return boxes, nn.functional.softmax(classes, dim=-1), landmarks


def export_with_pytorch(network, path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images = torch.zeros(1, 3, 96, 128)
        names = {"input_names": ["input0"], "output_names": ["output0"]}
        network = copy.deepcopy(network)  # the exporter folds norms in place
        torch.onnx.export(Published(network), (images,), str(path), dynamo=False, **names, **options)


def heads_differ(graph, tensors, network):
    images = torch.randn(1, 3, 83, 101, generator=torch.Generator().manual_seed(3)) * 60
    with torch.no_grad():
        pairs = list(zip(Interpreter(graph, tensors)(images), network(images), strict=True))
    return max(float((ours - theirs).abs().max() / theirs.abs().max()) for ours, theirs in pairs)


@pytest.mark.parametrize("config, kind", [*((LEAKY, kind) for kind in EXPORTS), (RELU, "opset 11"), (RELU, "opset 9, norms kept")])
def test_graphs_of_pytorchs_exporter_give_the_exchange_file_of_the_checkpoint(tmp_path, config, kind):
    network = lived_in(RetinaFace(config))
    export_with_pytorch(network, tmp_path / "x.onnx", **EXPORTS[kind])
    assert export.main([str(tmp_path / "x.onnx"), "--output", str(tmp_path / "x.safetensors")]) == 0
    model_file.write(tmp_path / "wanted.safetensors", network)
    if "norms kept" in kind:
        assert (tmp_path / "x.safetensors").read_bytes() == (tmp_path / "wanted.safetensors").read_bytes()
    graph, tensors = model_file.read(tmp_path / "x.safetensors")
    assert graph == model_file.read(tmp_path / "wanted.safetensors")[0]
    assert heads_differ(graph, tensors, network) < 1e-5


@pytest.mark.parametrize("config", [*CONFIGS, LEAKY])
@pytest.mark.parametrize("form", [Form(), Form((64, 96)), Form((61, 90))])
def test_our_own_graphs_give_back_every_number(tmp_path, config, form):
    graph, tensors = export_graph(lived_in(RetinaFace(config)))
    onnx.save(onnx_writer.to_onnx(graph, tensors, form), tmp_path / "x.onnx")
    found = onnx_reader.read(tmp_path / "x.onnx")
    assert found.graph == graph and found.origin == "from the file"
    assert found.tensors.keys() == tensors.keys()
    assert all(numpy.array_equal(found.tensors[name], values) for name, values in tensors.items())


@pytest.mark.parametrize("kind", PUBLISHED)
def test_published_weights_take_the_way_over_onnx(research, tmp_path, kind):
    file, activation, anchors = PUBLISHED[kind]
    network = load_network(research / "weights" / file, activation, anchors)
    export_with_pytorch(network, tmp_path / "x.onnx", opset_version=11)
    found = onnx_reader.read(tmp_path / "x.onnx")
    assert found.graph == export_graph(network)[0] and found.origin.startswith("assumed, as in biubug6/")
    assert heads_differ(found.graph, found.tensors, network) < 1e-5


def test_weights_in_a_file_beside_the_graph(tmp_path):
    """As PyTorch's newer exporter writes them."""
    graph, tensors = export_graph(lived_in(RetinaFace(LEAKY)))
    model = onnx_writer.to_onnx(graph, tensors, Form())
    onnx.save(model, tmp_path / "x.onnx", save_as_external_data=True, location="x.onnx.data", size_threshold=0)
    found = onnx_reader.read(tmp_path / "x.onnx")
    assert all(numpy.array_equal(found.tensors[name], values) for name, values in tensors.items())
    for constant in (model := onnx.load(tmp_path / "x.onnx", load_external_data=False)).graph.initializer:
        constant.external_data[0].value = "../outside"
    (tmp_path / "folder").mkdir()
    (tmp_path / "outside").write_bytes(bytes(1 << 21))
    onnx.save(model, tmp_path / "folder/y.onnx")
    with pytest.raises(ModelFileError, match="y.onnx: cannot be read"):
        onnx_reader.read(tmp_path / "folder/y.onnx")


def test_anchors_can_be_given_and_must_fit_the_heads(tmp_path):
    export_with_pytorch(lived_in(RetinaFace(RELU)), tmp_path / "x.onnx", opset_version=11)
    sides = [level.anchors for level in onnx_reader.read(tmp_path / "x.onnx", "8,9/16,17/32,33").graph.description.levels]
    assert sides == [(8, 9), (16, 17), (32, 33)]
    for anchors, message in (("8/16/32", "heads have 2 anchors"), ("8,9/16,17", "3 levels"), ("8,x/1,2/3,4", "write sides")):
        with pytest.raises(ModelFileError, match=f"x.onnx: .*{message}"):
            onnx_reader.read(tmp_path / "x.onnx", anchors)
    export_with_pytorch(lived_in(RetinaFace(CONFIGS[1])), tmp_path / "y.onnx", opset_version=11)
    with pytest.raises(ModelFileError, match="heads have 1 anchors per pixel; name as many sides per level with --anchors"):
        onnx_reader.read(tmp_path / "y.onnx")


def shipped(form=ANY_SIZE):
    model = rfm.read(MODELS / "default-float32.rfm")
    return onnx_writer.to_onnx(model.graph, model.tensors, form)


def changed_node(model, operation, **attributes):
    node = next(node for node in model.graph.node if node.op_type == operation)
    for name, value in attributes.items():
        kept = [attribute for attribute in node.attribute if attribute.name != name]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(name, value)])


def renamed_operation(model, old, new):
    next(node for node in model.graph.node if node.op_type == old).op_type = new


def without_a_layer(model):
    """Leaves out the second block's first layer and its activation."""
    first, second = model.graph.node[4:6]
    for node in model.graph.node:
        node.input[:] = [first.input[0] if name == second.output[0] else name for name in node.input]
    for node in (first, second):
        model.graph.node.remove(node)


FAULTS = {
    "another operation": (lambda m: renamed_operation(m, "Relu", "Sigmoid"), r"node 1 \(Sigmoid 'backbone.stem/Relu'\): is no operation"),
    "another domain": (lambda m: setattr(m.graph.node[1], "domain", "com.example"), "is no operation"),
    "dilation": (lambda m: changed_node(m, "Conv", dilations=[2, 2]), "no dilation"),
    "uneven padding": (lambda m: changed_node(m, "Conv", pads=[0, 0, 1, 1]), "equal padding"),
    "huge padding": (lambda m: changed_node(m, "Conv", pads=[1 << 40] * 4), "out of range"),
    "huge stride": (lambda m: changed_node(m, "Conv", strides=[1 << 40] * 2), "out of range"),
    "stride 0": (lambda m: changed_node(m, "Conv", strides=[0, 0]), "out of range"),
    "another stride": (lambda m: changed_node(m, "Conv", strides=[1, 1]), "is no RetinaFace MobileNet-0.25"),
    "linear upsampling": (lambda m: changed_node(m, "Resize", mode="linear"), "not the nearest upsampling"),
    "another order": (lambda m: changed_node(m, "Transpose", perm=[0, 3, 1, 2]), "is not the order N, H, W, C"),
    "one output less": (lambda m: m.graph.output.pop(), "has the outputs output0, 586"),
    "one layer less": (without_a_layer, "reads 16 channels, got 8"),
    "two pictures": (lambda m: m.graph.input.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])), "has 2 inputs"),
    "no such constant": (lambda m: m.graph.node[0].input.__setitem__(1, "nothing"), r"node 0 .*unusable inputs"),
    "half precision": (lambda m: setattr(m.graph.initializer[0], "data_type", TensorProto.FLOAT16), "constant cannot be read"),
    "a shape that lies": (lambda m: m.graph.initializer[0].dims.__setitem__(0, 1 << 50), "numbers, more than"),
    "a negative shape": (lambda m: m.graph.initializer[0].dims.__setitem__(0, -8), "negative length"),
    "not a number": (lambda m: setattr(m.graph.initializer[0], "raw_data", b"\xff" * len(m.graph.initializer[0].raw_data)), "finite"),
    "metadata": (lambda m: setattr(m.metadata_props[0], "value", '{"levels": 3}'), "metadata 'retinaface' cannot be used"),
    "nested metadata": (lambda m: setattr(m.metadata_props[0], "value", "[" * 100_000), "metadata 'retinaface' cannot be used"),
    "metadata out of range": (
        lambda m: setattr(m.metadata_props[0], "value", m.metadata_props[0].value.replace("0.1", "-7")),
        "'variances' is",
    ),
    "no nodes": (lambda m: m.graph.ClearField("node"), "has no nodes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_another_graph_is_one_clear_line(tmp_path, capsys, fault):
    change, message = FAULTS[fault]
    model = shipped()
    change(model)
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert export.main([str(tmp_path / "x.onnx"), "--output", str(tmp_path / "x.safetensors")]) == 1
    said = capsys.readouterr().err
    assert re.search(f"x.onnx: .*({message})", said) and said.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["x.onnx"]


def test_bytes_and_integers_cannot_be_imported(tmp_path):
    onnx.save(shipped(Form((64, 64), is_bytes=True)), tmp_path / "x.onnx")
    with pytest.raises(ModelFileError, match="not float32 N x 3 x H x W"):
        onnx_reader.read(tmp_path / "x.onnx")
    assert export.main([str(MODELS / "default.rfm"), "--output", str(tmp_path / "y.onnx")]) == 0
    with pytest.raises(ModelFileError, match="y.onnx: node .*DequantizeLinear|y.onnx: node .*unusable|QuantizeLinear"):
        onnx_reader.read(tmp_path / "y.onnx")


@pytest.mark.parametrize("content", [None, b"", b"\0" * 100, b"not a graph", "large"])
def test_what_is_no_graph_is_one_clear_line(tmp_path, monkeypatch, capsys, content):
    path = tmp_path / "x.onnx"
    if content == "large":
        monkeypatch.setattr(onnx_reader, "MOST_BYTES", 1 << 20)
        content = shipped().SerializeToString()
    if content is not None:
        path.write_bytes(content)
    assert export.main([str(path), "--output", str(tmp_path / "x.safetensors")]) == 1
    said = capsys.readouterr().err
    assert "x.onnx: " in said and said.count("\n") == 1


def test_damaged_files_are_refused_or_read(tmp_path):
    """Changes bytes at random outside the weights: whatever the file says, the answer is a network or a ModelFileError."""
    data, chance, refused = bytearray(shipped().SerializeToString()), random.Random(2), 0
    weights = len(data) - sum(values.nbytes for values in rfm.read(MODELS / "default-float32.rfm").tensors.values())
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(2):
            broken[chance.randrange(weights // 2)] = chance.randrange(256)
        (tmp_path / "x.onnx").write_bytes(broken)
        try:
            onnx_reader.read(tmp_path / "x.onnx")
        except ModelFileError:
            refused += 1
    assert refused > 20
