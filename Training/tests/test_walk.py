"""Export by operations: the graph of the network, another architecture without a change, and modules that have no graph."""

import json

import pytest
import torch
from torch import nn
from torch.nn import functional

from retinaface_training.exchange.graph import Description, Level, ModelFileError, parse
from retinaface_training.exchange.interpreter import Interpreter
from retinaface_training.exchange.walk import export_graph
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.retinaface import RetinaFace
from test_export import lived_in


def conv(name, source, size=1, stride=1, slope=0.1, output="", **more):
    padding = size // 2
    kinds = {
        "operation": "depthwise_conv" if name.endswith("depthwise") else "conv",
        "kernel": [size, size],
        "stride": stride,
        "padding": padding,
    }
    return {"name": name, "inputs": [source], "output": name if output == "" else output, "slope": slope, **kinds, **more}


def expected_layers():
    """The layers of RetinaFace("leaky:0.1") in the order in which rf-pack built them from version 1."""
    layers, source = [conv("backbone.stem", "input", 3, 2)], "backbone.stem"
    for block, stride in enumerate((1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1), start=1):
        name = f"backbone.block{block}"
        layers += [conv(f"{name}.depthwise", source, 3, stride), conv(f"{name}.pointwise", f"{name}.depthwise")]
        source = f"{name}.pointwise"
        if block in (5, 11, 13):
            layers.append(conv(f"pyramid.lateral{ {5: 3, 11: 4, 13: 5}[block] }", source))
    for level in (5, 4, 3):
        source, context, head = f"pyramid.lateral{level}", f"context{level}", f"head{level}"
        if level < 5:
            coarse = "pyramid.lateral5" if level == 4 else "pyramid.merge4"
            layers.append({"name": f"pyramid.add{level}", "operation": "upsample_add", "inputs": [source, coarse], "output": source})
            layers.append(conv(f"pyramid.merge{level}", source, 3))
            source = f"pyramid.merge{level}"
        feature = f"{context}.feature"
        layers += [
            conv(f"{context}.conv3x3", source, 3, slope=0, output=feature),
            conv(f"{context}.conv5x5_1", source, 3),
            conv(f"{context}.conv5x5_2", f"{context}.conv5x5_1", 3, slope=0, output=feature, channel=32),
            conv(f"{context}.conv7x7_2", f"{context}.conv5x5_1", 3),
            conv(f"{context}.conv7x7_3", f"{context}.conv7x7_2", 3, slope=0, output=feature, channel=48),
            conv(f"{head}.class", feature, slope=1),
            conv(f"{head}.box", feature, slope=1, output=None),
            conv(f"{head}.landmarks", feature, slope=1, output=None),
        ]
    return layers


def test_the_network_gives_the_expected_graph():
    graph, tensors = export_graph(RetinaFace(NetworkConfig("leaky:0.1")))
    record = json.loads(graph.to_json())
    assert record["layers"] == expected_layers()
    assert record["input"] == {"channels": 3, "order": "bgr", "mean": [104, 117, 123], "scale": 1, "tensor": "input"}
    assert record["levels"] == [
        {"stride": 8, "anchors": [16, 32]},
        {"stride": 16, "anchors": [64, 128]},
        {"stride": 32, "anchors": [256, 512]},
    ]
    assert record["heads"] == [
        {"role": role, "level": level, "layer": f"head{level + 3}.{role}"} for level in range(3) for role in ("class", "box", "landmarks")
    ]
    assert record["variances"] == [0.1, 0.2] and parse(graph.to_json()) == graph
    assert len(tensors) == 2 * sum(layer["operation"] != "upsample_add" for layer in record["layers"])


class Odd(nn.Module):
    """Another architecture: Sequential blocks, module activations, a shared input, two levels, biases and no norms in between."""

    description = Description("rgb", (1.5, 2, 3), 0.5, (0.1, 0.3), (Level(4, (10,)), Level(8, (20,))))

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 5, 2, 2), nn.BatchNorm2d(6), nn.LeakyReLU(0.3))
        self.second = nn.Sequential(
            nn.Conv2d(6, 6, 3, 2, 1, groups=6), nn.ReLU(inplace=True), nn.Identity(), nn.Conv2d(6, 8, 1, bias=False)
        )
        self.third = nn.Conv2d(8, 8, 3, 2, 1)
        self.left, self.right = nn.Conv2d(8, 5, 3, 1, 1), nn.Conv2d(8, 3, 1)
        self.heads = nn.ModuleList(
            nn.ModuleDict({"a": nn.Conv2d(8, 2, 1), "b": nn.Conv2d(8, 4, 1), "c": nn.Conv2d(8, 10, 1)}) for _ in range(2)
        )

    def maps(self, images):
        fine = self.second(self.first(images))
        coarse = self.third(fine).relu()
        fine = torch.cat((self.left(fine), self.right(fine)), 1)
        merged = functional.interpolate(coarse, fine.shape[2:]) + functional.leaky_relu(fine, 0.2)
        return {
            role: [self.heads[0][name](merged), self.heads[1][name](coarse)]
            for role, name in (("class", "a"), ("box", "b"), ("landmarks", "c"))
        }


def compare(module, size=(61, 90)):
    """Executes a module and its exported graph."""
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(5)) * 20
    with torch.no_grad():
        heads, maps = Interpreter(*export_graph(module))(images), module.maps(images)
    for found, role, values in zip(heads, ("class", "box", "landmarks"), (2, 4, 10), strict=True):
        wanted = torch.cat([m.permute(0, 2, 3, 1).reshape(2, -1, values) for m in maps[role]], dim=1)
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def test_another_architecture_is_exported_without_a_change():
    module = lived_in(Odd())
    compare(module)
    graph, _ = export_graph(module)
    names = [layer.name for layer in graph.layers]
    assert names == [
        "first.0",
        "second.0",
        "second.3",
        "third",
        "left",
        "right",
        "add",
        *(f"heads.{level}.{name}" for name in "abc" for level in (0, 1)),
    ]
    assert [layer.slope for layer in graph.layers[:6]] == [0.3, 0, 1, 0, 0.2, 0.2]
    assert [(layer.output, layer.channel) for layer in graph.layers[4:7]] == [("feature", 0), ("feature", 5), ("feature", 0)]
    assert json.loads(graph.to_json())["input"]["mean"] == [1.5, 2, 3]


def test_a_module_that_is_executed_twice_becomes_two_layers():
    class Shared(Odd):
        def __init__(self):
            super().__init__()
            self.heads = nn.ModuleList([self.heads[0], self.heads[0]])

    module = lived_in(Shared())
    compare(module)
    assert "heads.0.a.2" in [layer.name for layer in export_graph(module)[0].layers]


def test_the_module_stays_as_it_is():
    module = Odd().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    export_graph(module)
    assert module.training and all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def broken(change):
    """`Odd` with one change to what its `second` block computes from the block's output."""

    class Broken(Odd):
        def __init__(self):
            super().__init__()
            self.pool, self.norm = nn.MaxPool2d(3, 1, 1), nn.BatchNorm2d(8)
            self.grouped, self.dilated = nn.Conv2d(8, 8, 3, padding=1, groups=2), nn.Conv2d(8, 8, 3, padding=2, dilation=2)
            self.uneven = nn.Conv2d(8, 8, (3, 1), padding=(1, 0))

        def maps(self, images):
            original, self.second.forward = self.second.forward, lambda values: change(self, original(values))
            try:
                return super().maps(images)
            finally:
                self.second.forward = original

    return lived_in(Broken())


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda module, x: module.pool(x), "pool .*: operation MaxPool2d has no layer"),
        (lambda module, x: x * 2, "operation mul has no layer"),
        (lambda module, x: x + 1, "two feature maps"),
        (lambda module, x: x + module.third(x)[..., :1, :1], "getitem has no layer"),
        (lambda module, x: x + functional.relu(x), "which other operations read too"),
        (lambda module, x: x + module.uneven(x), "equal stride and equal zero padding"),
        (lambda module, x: x + module.left(x).sum(), "sum has no layer"),
        (lambda module, x: module.grouped(x), "2 groups"),
        (lambda module, x: module.dilated(x), "no dilation"),
        (lambda module, x: module.norm(functional.relu(x)), "a batch norm follows its convolution directly"),
        (lambda module, x: functional.relu(functional.leaky_relu(x, 0.5)), "an activation follows a convolution"),
        (lambda module, x: torch.cat([x, x], dim=1)[:, :8], "concatenates something other"),
        (lambda module, x: torch.cat([functional.relu(x), module.third(x)], dim=2), "cannot be recorded|only channels"),
        (lambda module, x: functional.interpolate(x, size=(9, 9)), "an enlarged one that is not added"),
        (lambda module, x: functional.interpolate(x, size=(9, 9), mode="bilinear"), "only nearest"),
        (lambda module, x: x if x.sum() > 0 else -x, "cannot be recorded"),
        (lambda module, x: (functional.relu(x, inplace=True), x)[1], "nothing reads its result"),
    ],
)
def test_a_module_without_a_graph_is_refused(change, message):
    with pytest.raises(ModelFileError, match=message):
        export_graph(broken(change))


def test_maps_of_another_form_are_refused():
    for change, message in (
        (
            lambda maps: {"class": maps["class"], "shape": maps["box"], "landmarks": maps["landmarks"]},
            "one list of maps for each of class, box, landmarks",
        ),
        (lambda maps: maps | {"box": maps["box"] + maps["landmarks"][:1]}, "one list of maps"),
        (lambda maps: maps | {"box": maps["landmarks"], "landmarks": maps["box"]}, "10 channels, needed 4 per anchor"),
        (lambda maps: maps | {"box": maps["box"][:1]}, "one list of maps|nothing reads"),
        (lambda maps: maps | {"box": [functional.relu(values) for values in maps["box"]]}, "without activation"),
    ):

        class Changed(Odd):
            changed = staticmethod(change)

            def maps(self, images):
                return self.changed(super().maps(images))

        with pytest.raises(ModelFileError, match=message):
            export_graph(lived_in(Changed()))
