"""The graph of an exchange file: each fault is reported with its place, and no content of a file gives another kind of error."""

import copy
import json
import random

import pytest

from retinaface_training.exchange.graph import ModelFileError, parse

CONV = {"operation": "conv", "kernel": [1, 1], "stride": 1, "padding": 0, "slope": 0.5}
SHAPES = {
    "stem": (4, 3, 3, 3),
    "deep": (4, 1, 3, 3),
    "side": (2, 4, 1, 1),
    "other": (2, 4, 1, 1),
    "class": (4, 4, 1, 1),
    "box": (8, 4, 1, 1),
    "points": (20, 4, 1, 1),
}


def document():
    """A graph with every operation and one level of two anchors."""
    layers = [
        CONV | {"name": "stem", "inputs": ["input"], "output": "stem", "kernel": [3, 3], "stride": 2, "padding": 1},
        CONV
        | {
            "name": "deep",
            "operation": "depthwise_conv",
            "inputs": ["stem"],
            "output": "deep",
            "kernel": [3, 3],
            "padding": 1,
            "stride": 2,
        },
        CONV | {"name": "side", "inputs": ["stem"], "output": "cat"},
        CONV | {"name": "other", "inputs": ["stem"], "output": "cat", "channel": 2},
        {"name": "sum", "operation": "upsample_add", "inputs": ["cat", "deep"], "output": "cat"},
        *(
            CONV | {"name": name, "inputs": ["cat"], "output": "class" if name == "class" else None, "slope": 1}
            for name in ("class", "box", "points")
        ),
    ]
    heads = [{"role": role, "level": 0, "layer": layer} for role, layer in (("class", "class"), ("box", "box"), ("landmarks", "points"))]
    return {
        "input": {"channels": 3, "order": "rgb", "mean": [1.5, 2, 3], "scale": 0.5, "tensor": "input"},
        "variances": [0.1, 0.2],
        "layers": layers,
        "levels": [{"stride": 2, "anchors": [16, 20.5]}],
        "heads": heads,
    }


def shapes(**changed):
    all_shapes = SHAPES | changed
    return {f"{name}.weight": shape for name, shape in all_shapes.items()} | {
        f"{name}.bias": shape[:1] for name, shape in all_shapes.items()
    }


def read(record, **changed):
    graph = parse(json.dumps(record))
    graph.check(shapes(**changed))
    return graph


def test_text_and_graph_are_inverses():
    graph = read(document())
    assert parse(graph.to_json()) == graph
    assert json.loads(graph.to_json()) == document()
    assert list(json.loads(graph.to_json())["layers"][0]) == sorted(document()["layers"][0])


def at(path, value):
    """A change of a document: sets the element at `path`; ... removes it."""

    def change(record):
        *parents, last = path
        for key in parents:
            record = record[key]
        if value is ...:
            del record[last]
        else:
            record[last] = value

    return change


FAULTS = [
    (("input", "order"), "grb", "order bgr or rgb"),
    (("input", "order"), ["bgr"], "'order' is"),
    (("input", "channels"), 4, "3 channels"),
    (("input", "mean"), [1, 2], "a list of 3 to 3"),
    (("input", "mean", 1), "2", "'mean' is"),
    (("input", "mean", 1), 10**400, "'mean' is"),
    (("input", "scale"), 0, "'scale' is"),
    (("input", "scale"), True, "'scale' is"),
    (("variances",), ..., "graph: 'variances' is missing"),
    (("more",), 1, "'more' is unknown"),
    (("layers",), [], "a list of 1 to 4096"),
    (("layers", 0), [], "layer 0: operation None"),
    (("layers", 0, "operation"), "max_pool", "operation 'max_pool' is none of"),
    (("layers", 0, "operation"), ["conv"], "is none of"),
    (("layers", 0, "kernel"), [3], "a list of 2 to 2"),
    (("layers", 0, "kernel", 0), 16, "from 1 to 15"),
    (("layers", 0, "kernel", 0), 3.0, "a whole number"),
    (("layers", 0, "kernel", 0), 5, "its weights have shape"),
    (("layers", 0, "stride"), 0, "'stride' is"),
    (("layers", 1, "stride"), 3, "from 1 to 2"),
    (("layers", 0, "padding"), 3, "padding is not below"),
    (("layers", 0, "slope"), 1.5, "'slope' is"),
    (("layers", 0, "slope"), None, "'slope' is"),
    (("layers", 0, "slope"), ..., "'slope' is missing"),
    (("layers", 0, "output"), "", "a name of 1 to 128"),
    (("layers", 0, "output"), None, "only a 1x1 convolution"),
    (("layers", 0, "name"), "st em", "a name of 1 to 128"),
    (("layers", 0, "name"), "x" * 129, "a name of 1 to 128"),
    (("layers", 1, "name"), "stem", "another layer has its name"),
    (("layers", 0, "inputs"), ["deep"], "reads 'deep' before"),
    (("layers", 1, "kernel"), [1, 1], "its weights have shape"),
    (("layers", 2, "output"), "stem", "after a layer read it"),
    (("layers", 2, "output"), "input", "after a layer read it"),
    (("layers", 3, "channel"), 1, "2 are written before it"),
    (("layers", 3, "channel"), -1, "'channel' is"),
    (("layers", 4, "slope"), 0, "'slope' is unknown"),
    (("layers", 4, "inputs"), ["cat"], "a list of 2 to 2"),
    (("layers", 4, "inputs"), ["cat", "cat"], "adds in place"),
    (("layers", 4, "inputs"), ["deep", "cat"], "adds in place"),
    (("layers", 4, "inputs", 1), "input", "adds 3 channels to 4"),
    (("layers", 5, "slope"), 0.5, "a head is a 1x1 convolution"),
    (("layers", 5, "output"), None, "only class heads"),
    (("layers", 6, "output"), "box", "only class heads"),
    (("layers", 6, "inputs"), ["stem"], "read the same tensor"),
    (("levels",), [], "a list of 1 to 8"),
    (("levels", 0, "anchors"), [16], "has 4 channels, needed 2 per anchor"),
    (("levels", 0, "anchors", 0), -1, "'anchors' is"),
    (("levels", 0, "stride"), 0, "'stride' is"),
    (("heads", 0, "role"), "mask", "role 'mask'"),
    (("heads", 0, "role"), {}, "one value"),
    (("heads", 0, "layer"), "head", "no layer 'head'"),
    (("heads", 0, "layer"), "sum", "a head is a 1x1"),
    (("heads", 0, "level"), 1, "one of each role"),
    (("heads", 0), ..., "one of each role"),
    (("heads", 1, "layer"), "class", "needed 4 per anchor"),
]


@pytest.mark.parametrize("path, value, message", FAULTS)
def test_each_fault_is_reported(path, value, message):
    record = document()
    at(path, value)(record)
    with pytest.raises(ModelFileError, match=message):
        read(record)


def test_faults_of_several_records():
    record = document()
    record["levels"].append({"stride": 2, "anchors": [30]})
    with pytest.raises(ModelFileError, match="strides do not ascend"):
        read(record)
    record = document()
    record["layers"].insert(5, CONV | {"name": "again", "inputs": ["cat"], "output": "again"})
    record["layers"].insert(6, {"name": "sum2", "operation": "upsample_add", "inputs": ["cat", "deep"], "output": "cat"})
    with pytest.raises(ModelFileError, match="changes 'cat' after a layer read it"):
        read(record, again=(4, 4, 1, 1))
    record = document()
    record["layers"].append(CONV | {"name": "free", "inputs": ["cat"], "output": None, "slope": 1})
    with pytest.raises(ModelFileError, match="'free': has no output tensor and is no head"):
        read(record, free=(4, 4, 1, 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "null",
        '{"a":1,"a":2}',
        "[" * 100000,
        '{"heads": NaN}',
        '{"heads": ' + "9" * 5000 + "}",
        "\ud800",
        '{"layers": [{"x":{}, "x":{}}]}',
    ],
)
def test_text_that_is_no_graph_is_refused(text):
    with pytest.raises(ModelFileError):
        parse(text)


def test_any_change_gives_a_graph_or_an_error_of_its_kind():
    generator = random.Random(7)
    values = [None, True, 0, 1, -1, 2, 1e300, 10**30, "", "cat", "input", [], [1], {}, {"name": 1}, ...]
    refused = 0
    for _ in range(3000):
        record = copy.deepcopy(document())
        paths = list(places(record))
        at(generator.choice(paths), generator.choice(values))(record)
        try:
            assert parse(read(record).to_json()) == read(record)
        except ModelFileError:
            refused += 1
    assert refused > 2000


def places(record, path=()):
    """The paths of all elements of a document."""
    for key in record if isinstance(record, dict) else range(len(record)) if isinstance(record, list) else ():
        yield (*path, key)
        yield from places(record[key], (*path, key))
