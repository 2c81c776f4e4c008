"""ONNX graphs in ONNX Runtime: float32 as PyTorch, int8 by the engine's rule, names and order as in the published graphs."""

import subprocess
import sys

import numpy
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image
from torch.nn import functional

from conftest import TRAINING
from retinaface_training import export
from retinaface_training.exchange import onnx_int8, onnx_writer, rfm
from retinaface_training.exchange.graph import UPSAMPLE_ADD
from retinaface_training.exchange.interpreter import Interpreter
from retinaface_training.exchange.onnx_writer import Form
from retinaface_training.exchange.walk import export_graph
from retinaface_training.network.anchors import MEAN_BGR
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.retinaface import RetinaFace
from test_export import CONFIGS, PUBLISHED, lived_in
from test_walk import Odd

MODELS = TRAINING.parent / "Models"
PICTURE = TRAINING.parent / "Tests/Fixtures/pictures/group.jpg"
MAGIC = 1.5 * 2**23
FORMS = [(True, False), (True, True), (False, False), (False, True)]
"""Fixed size or not, bytes or not."""


def picture(width, height):
    """The sample picture as bytes, H x W x 3: blue, green, red."""
    with Image.open(PICTURE) as image:
        return numpy.asarray(image.convert("RGB").resize((width, height)))[:, :, ::-1].copy()


def floats(pixels, facts=None):
    """The network's input, 1 x 3 x H x W."""
    mean, scale = (facts.mean, facts.scale) if facts else (MEAN_BGR, 1)
    return ((pixels - numpy.float32(mean)) * numpy.float32(scale)).transpose(2, 0, 1)[None].copy()


def run(model, image, disabled=False):
    """Executes a graph; returns its outputs by name, in their order."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if disabled:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {session.get_inputs()[0].name: image}), strict=True))


def expected(network, image):
    """PyTorch's outputs by the names of the graph."""
    with torch.no_grad():
        heads = network(torch.from_numpy(image))
    return {"output0": heads.boxes.numpy(), "586": heads.classes.softmax(-1).numpy(), "585": heads.landmarks.numpy()}


def largest_difference(found, wanted):
    assert list(found) == list(wanted)
    assert all(found[name].shape == values.shape for name, values in wanted.items())
    return max(float(numpy.abs(found[name] - values).max()) for name, values in wanted.items())


@pytest.mark.parametrize("width, height", [(64, 96), (131, 69), (320, 240), (83, 101)])
def test_the_model_that_ships_gives_the_heads_of_pytorch(width, height):
    model = rfm.read(MODELS / "default-float32.rfm")
    network = Interpreter(model.graph, {name: values.copy() for name, values in model.tensors.items()}).eval()
    pixels = picture(width, height)
    wanted = expected(network, floats(pixels))
    for is_fixed, is_bytes in FORMS:
        graph = onnx_writer.to_onnx(model.graph, model.tensors, Form((width, height) if is_fixed else None, is_bytes))
        assert largest_difference(run(graph, pixels[None] if is_bytes else floats(pixels)), wanted) < 1e-4


@pytest.mark.parametrize("config", CONFIGS)
def test_checkpoints_become_graphs_of_any_size_and_number_of_pictures(config):
    network = lived_in(RetinaFace(config))
    graph = onnx_writer.to_onnx(*export_graph(network), Form())
    for width, height in ((75, 70), (64, 33)):
        images = numpy.concatenate([floats(picture(width, height)), floats(picture(width, height)[::-1])])
        wanted = expected(network, images)
        scale = max(1, *(float(numpy.abs(values).max()) for values in wanted.values()))
        assert largest_difference(run(graph, images), wanted) < 1e-5 * scale


def test_another_architecture_order_and_scale():
    module = lived_in(Odd())
    graph, tensors = export_graph(module)
    network = Interpreter(graph, tensors)
    pixels = picture(61, 90)
    wanted = expected(network, floats(pixels, module.description))
    for is_fixed, is_bytes in FORMS:
        model = onnx_writer.to_onnx(graph, tensors, Form((61, 90) if is_fixed else None, is_bytes))
        image = pixels[None] if is_bytes else floats(pixels, module.description)
        assert largest_difference(run(model, image), wanted) < 1e-4 * max(1, *(float(numpy.abs(v).max()) for v in wanted.values()))


@pytest.mark.parametrize("kind", PUBLISHED)
def test_published_weights_give_the_reference_heads(research, tmp_path, kind):
    file, activation, anchors = PUBLISHED[kind]
    output = tmp_path / "model.onnx"
    options = ["--activation", activation, "--anchors", anchors, "--size", "640x480"]
    assert export.main([str(research / "weights" / file), "--output", str(output), *options]) == 0
    for name in ("bald_guys", "dogs"):
        image = numpy.asarray(Image.open(research / f"reference/{name}.vga.ppm"))[:, :, ::-1]
        reference = numpy.load(research / f"reference/{name}.vga.{kind}.heads.npz")
        wanted = {"output0": reference["loc"][None], "586": reference["conf"][None], "585": reference["landms"][None]}
        assert largest_difference(run(onnx.load(output), floats(image)), wanted) < 1e-4


def test_names_and_order_are_those_of_the_published_graphs():
    model = rfm.read(MODELS / "default-float32.rfm")
    graph = onnx_writer.to_onnx(model.graph, model.tensors, Form((640, 480))).graph
    assert [value.name for value in graph.input] == ["input0"]
    assert [value.name for value in graph.output] == ["output0", "586", "585"]
    # OpenCV lists outputs in the order of the nodes.
    names = {value.name for value in graph.output}
    assert [node.output[0] for node in graph.node if node.output[0] in names] == ["output0", "585", "586"]
    # ncnn and OpenCV's older reader need a graph without arithmetic on shapes.
    assert {node.op_type for node in graph.node} == {"Conv", "Relu", "Resize", "Add", "Concat", "Transpose", "Reshape", "Softmax"}
    read = {value for node in graph.node for value in node.input} | names
    assert not [value for node in graph.node for value in node.output if value not in read]


def random_int8(graph, tensors, seed):
    """An int8 network with the graph's layers: integer weights, steps and zeros at random, maps that use most of their range."""
    rng = numpy.random.default_rng(seed)
    numbers, multipliers, zeros = {}, {}, {}
    slopes = {layer.output: layer.slope for layer in graph.layers if layer.output}
    heads = {head.layer for head in graph.heads}
    for tensor, slope in slopes.items():
        if tensor not in heads:
            zeros[tensor] = 0 if slope == 0 else 60
    for layer in graph.layers:
        if layer.operation != UPSAMPLE_ADD:
            shape = tensors[f"{layer.name}.weight"].shape
            numbers[f"{layer.name}.weight"] = rng.integers(-127, 128, shape).astype(numpy.int8)
            numbers[f"{layer.name}.bias"] = rng.integers(-3000, 3000, shape[0]).astype(numpy.int32)
            spread = 127 * 60 * numpy.sqrt(numpy.prod(shape[1:]))
            multipliers[layer.name] = rng.uniform(40, 80, shape[0]).astype(numpy.float32) / numpy.float32(spread)
    wide = frozenset(name for name in multipliers if name.endswith("merge3"))
    return numbers, rfm.Int8(zeros, multipliers, wide)


def engine_layer(layer, sources, tensors, int8, mean, is_head):
    """One layer by THE ROUNDING RULE of rfkernels.h; `sources`: what it reads, bytes as float64."""
    if layer.operation == UPSAMPLE_ADD:
        large = functional.interpolate(sources[1], size=sources[0].shape[2:], mode="nearest")
        return (sources[0] + large - int8.zeros[layer.output]).clamp(0, 255)
    zeros = mean if layer.inputs[0] == "input" else [int8.zeros[layer.inputs[0]]] * sources[0].shape[1]
    padding = [layer.padding] * 4
    padded = torch.cat([functional.pad(sources[0][:, [c]], padding, value=float(zero)) for c, zero in enumerate(zeros)], dim=1)
    weight, bias = (torch.from_numpy(tensors[f"{layer.name}.{part}"].astype(numpy.float64)) for part in ("weight", "bias"))
    sums = functional.conv2d(padded, weight, bias, layer.stride, groups=padded.shape[1] // weight.shape[1])
    multiplier = torch.from_numpy(int8.multipliers[layer.name].astype(numpy.float64))[:, None, None]
    if is_head:
        return sums * multiplier
    zero = int8.zeros[layer.output]
    if 0 < layer.slope < 1:
        product = (sums * multiplier).float()
        value = torch.maximum(product, product * numpy.float32(layer.slope)) + numpy.float32(MAGIC + zero)
    elif layer.name in int8.wide:
        value = (sums.float().double() * multiplier + MAGIC + zero).float()
    else:
        addend = (MAGIC - MAGIC * multiplier + zero).float().double()
        value = ((MAGIC + sums) * multiplier + addend).float()
    return (value.double() - MAGIC).clamp(0, 255)


def with_bytes_as_outputs(model):
    """The same graph, which also returns every feature map in bytes."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear":
            changed.graph.output.append(onnx.helper.make_tensor_value_info(node.output[0], onnx.TensorProto.UINT8, None))
    return changed


@pytest.mark.parametrize("kind", ["shipped", "leaky"])
def test_every_int8_layer_follows_the_engine_within_a_step(kind):
    """Computes each layer from the same bytes by the engine's rule, so that differences do not add up over layers."""
    if kind == "shipped":
        model = rfm.read(MODELS / "default.rfm")
        graph, tensors, int8 = model.graph, model.tensors, model.int8
    else:
        graph, tensors = export_graph(RetinaFace(NetworkConfig("leaky:0.1")))
        tensors, int8 = random_int8(graph, tensors, 4)
    pixels = picture(97, 131)
    model = onnx_int8.to_onnx(graph, tensors, int8, Form())
    values = run(with_bytes_as_outputs(model), floats(pixels))
    heads = {head.layer for head in graph.heads}
    maps = {"input": [torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(numpy.float64))]}
    for layer in graph.layers:
        if layer.name in heads:
            continue
        sources = [torch.cat(maps[name], dim=1) for name in layer.inputs]
        wanted = engine_layer(layer, sources, tensors, int8, graph.description.mean, is_head=False)
        found = torch.from_numpy(values[f"{layer.name}.bytes"].astype(numpy.float64))
        difference = (found - wanted).abs()
        assert difference.max() <= 1 and (difference > 0).double().mean() < 0.03, layer.name
        assert found.std() > 1, layer.name
        maps[layer.output] = [found] if layer.operation == UPSAMPLE_ADD else [*maps.get(layer.output, []), found]
    names = [head.layer for head in sorted(graph.heads, key=lambda head: head.level) if head.role == "box"]
    layers = {layer.name: layer for layer in graph.layers}
    boxes = [engine_layer(layers[n], [torch.cat(maps[layers[n].inputs[0]], 1)], tensors, int8, None, is_head=True) for n in names]
    wanted = torch.cat([values.permute(0, 2, 3, 1).reshape(1, -1, 4) for values in boxes], dim=1).numpy()
    assert numpy.abs(values["output0"] - wanted).max() < 1e-4 * max(1, numpy.abs(wanted).max())


def test_onnx_runtime_executes_an_int8_graph_in_integers(tmp_path):
    model = rfm.read(MODELS / "default.rfm")
    graph = onnx_int8.to_onnx(model.graph, model.tensors, model.int8, Form((64, 64)))
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    operations = [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]
    # All but the first layer, whose input is float32, and the nine heads, whose output is.
    assert operations.count("QLinearConv") == sum(layer.operation != UPSAMPLE_ADD for layer in model.graph.layers) - 10
    assert operations.count("Conv") == 10
    assert sum(constant.data_type == onnx.TensorProto.INT8 for constant in graph.graph.initializer) == operations.count("QLinearConv") + 10


def test_graphs_are_made_without_pytorch(tmp_path):
    """The benchmarks' environment has neither PyTorch nor safetensors."""
    program = """import sys
sys.modules["torch"] = sys.modules["safetensors"] = None  # an import is an ImportError
from retinaface_training.exchange import onnx_int8, onnx_writer, rfm
model = rfm.read(sys.argv[1])
onnx_int8.to_onnx(model.graph, model.tensors, model.int8, onnx_writer.Form())"""
    command = [sys.executable, "-c", program, str(MODELS / "default.rfm")]
    assert subprocess.run(command, cwd=TRAINING, timeout=60).returncode == 0


def test_the_command_writes_graphs(tmp_path, capsys):
    output = tmp_path / "x.onnx"
    for file, kind in (("default.rfm", "int8"), ("default-float32.rfm", "float32")):
        assert export.main([str(MODELS / file), "--output", str(output), "--size", "64x48", "--uint8"]) == 0
        assert f"{kind}, size 64x48: 58 layers, 423264 numbers, anchors 16,32/64,128/256,512" in capsys.readouterr().err
        model = onnx.load(output)
        assert [dimension.dim_value for dimension in model.graph.input[0].type.tensor_type.shape.dim] == [1, 48, 64, 3]
        assert (model.opset_import[0].version, model.graph.name) == (17, "x")
        first = output.read_bytes()
        assert export.main([str(MODELS / file), "--output", str(output), "--size", "64x48", "--uint8"]) == 0
        assert output.read_bytes() == first


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["default.rfm", "--output", "x.safetensors"], "only --output x.onnx converts it"),
        (["default.rfm", "--output", "x.onnx", "--size", "640*480"], "--size 640*480: write WIDTHxHEIGHT"),
        (["default.rfm", "--output", "x.onnx", "--size", "0x480"], "--size 0x480"),
        (["default.rfm", "--output", "x.onnx", "--anchors", "1/2/3"], "leave --activation and --anchors out"),
        (["default.rfm", "--output", "default.rfm"], "is the input"),
        (["default.rfm", "--output", "x.safetensors", "--uint8"], "--size and --uint8 are for ONNX graphs"),
        (["none.rfm", "--output", "x.onnx"], "none.rfm"),
    ],
)
def test_what_cannot_be_written_is_one_clear_line(tmp_path, monkeypatch, capsys, arguments, message):
    (tmp_path / "default.rfm").write_bytes((MODELS / "default.rfm").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert export.main(arguments) == 1
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["default.rfm"]
