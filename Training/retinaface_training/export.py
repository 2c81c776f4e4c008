"""Converts a network between file formats: `python -m retinaface_training.export FILE --output FILE`.

Reads a checkpoint (.pth), an exchange file (.safetensors), a model file (.rfm) or an ONNX graph of RetinaFace MobileNet-0.25 (.onnx).
Writes the exchange file that rf-pack reads, or an ONNX graph (.onnx).

A checkpoint of retinaface_training.train stores its activation and anchors; a published one does not, so options name them.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy

from .exchange import model_file, rfm
from .exchange.graph import Graph, ModelFileError
from .weight_options import NO_TORCH, add_weight_options

_NO_ONNX = "ONNX graphs need the package onnx: install it with make train-setup"
_MOST_PIXELS = 16384


@dataclass(frozen=True)
class Network:
    """A network from a file of any kind. `note`: for the message at the end."""

    graph: Graph
    tensors: dict[str, numpy.ndarray]
    int8: rfm.Int8 | None = None
    note: str = ""


def load(path: str | os.PathLike, activation: str | None = None, anchors: str | None = None) -> Network:
    """Reads a file of any kind that `main` accepts, by its ending. Raises ModelFileError and OSError."""
    kind = Path(path).suffix.lower()
    if activation is not None and kind in (".onnx", ".rfm", ".safetensors") or anchors is not None and kind in (".rfm", ".safetensors"):
        raise ModelFileError(
            f"{path}: stores its activation and anchors: leave --activation{'' if kind == '.onnx' else ' and --anchors'} out"
        )
    if kind == ".rfm":
        model = rfm.read(path)
        return Network(model.graph, model.tensors, model.int8)
    if kind == ".safetensors":
        return Network(*model_file.read(path))
    try:
        if kind == ".onnx":
            from .exchange import onnx_reader

            imported = onnx_reader.read(path, anchors)
            return Network(imported.graph, imported.tensors, note=f" ({imported.origin})")
        from .exchange.walk import export_graph
        from .network.loading import load_network
    except ImportError as error:
        raise ModelFileError(f"{path}: {_NO_ONNX if error.name in ('onnx', 'google') else NO_TORCH}") from None
    return Network(*export_graph(load_network(path, activation, anchors)))


def parse_size(text: str) -> tuple[int, int] | None:
    """Parses the size of an ONNX graph: "640x480", or "dynamic" (None). Raises ModelFileError."""
    if text == "dynamic":
        return None
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not found or not all(0 < int(side) <= _MOST_PIXELS for side in found.groups()):
        raise ModelFileError(f"--size {text}: write WIDTHxHEIGHT in pixels such as 640x480, or dynamic")
    return int(found[1]), int(found[2])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.export",
        description="\n\n".join(__doc__.split("\n\n")[:2]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "weights", metavar="FILE", help="checkpoint of retinaface_training.train, published .pth, .safetensors, .rfm or .onnx"
    )
    parser.add_argument("--output", required=True, metavar="FILE", help="the file to write: .onnx; any other ending: an exchange file")
    parser.add_argument(
        "--size",
        default="dynamic",
        metavar="SIZE",
        help="ONNX: size of the pictures such as 640x480, which some engines need; default dynamic: any size",
    )
    parser.add_argument("--uint8", action="store_true", help="ONNX: the input is N x H x W x 3 bytes, and the graph subtracts the mean")
    add_weight_options(parser)
    return parser


def _write(options: argparse.Namespace, network: Network) -> str:
    """Writes the output; returns what it is."""
    is_onnx = Path(options.output).suffix.lower() == ".onnx"
    if not is_onnx and (options.size != "dynamic" or options.uint8):
        raise ModelFileError(f"{options.output}: --size and --uint8 are for ONNX graphs; name an output with the ending .onnx")
    if not is_onnx:
        if Path(options.weights).suffix.lower() in (".rfm", ".safetensors"):
            raise ModelFileError(
                f"{options.weights}: has its batch norms folded already: rf-pack reads it; only --output x.onnx converts it"
            )
        model_file.save(options.output, network.graph, network.tensors)
        return "exchange file"
    try:
        from .exchange import onnx_int8, onnx_writer
    except ImportError:
        raise ModelFileError(_NO_ONNX) from None
    form = onnx_writer.Form(parse_size(options.size), options.uint8)
    name = Path(options.output).stem
    if network.int8:
        model = onnx_int8.to_onnx(network.graph, network.tensors, network.int8, form, name)
    else:
        model = onnx_writer.to_onnx(network.graph, network.tensors, form, name)
    model_file.write_whole(options.output, model.SerializeToString(deterministic=True))
    return f"ONNX graph of opset {onnx_writer.OPSET}, {'int8' if network.int8 else 'float32'}, size {options.size}"


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if os.path.realpath(options.weights) == os.path.realpath(options.output):
            raise ModelFileError(f"{options.output}: is the input")
        network = load(options.weights, options.activation, options.anchors)
        kind = _write(options, network)
    except (ModelFileError, OSError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    anchors = "/".join(",".join(f"{side:g}" for side in level.anchors) for level in network.graph.description.levels)
    count = sum(values.size for values in network.tensors.values())
    print(
        f"{options.output}: {kind}: {len(network.graph.layers)} layers, {count} numbers, anchors {anchors}{network.note}", file=sys.stderr
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
