"""Converts a PyTorch checkpoint to the exchange file that rf-pack reads: `python -m retinaface_training.export WEIGHTS --output FILE`.

A checkpoint of retinaface_training.train stores its activation and anchors; a published one does not, so options name them. An exchange
file is refused: its batch norms are folded already.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from torch import nn

from .exchange import model_file
from .exchange.graph import ModelFileError
from .exchange.interpreter import Interpreter
from .network.checkpoints import is_own, load_checkpoint, load_published, weights_without_configuration
from .network.config import NetworkConfig, with_anchors
from .network.retinaface import RetinaFace
from .network.wrappers import read_checkpoint

PUBLISHED_HINT = (
    "type --activation leaky:0.1 --anchors 16,32/64,128/256,512 (leaky_anchors16.pth) "
    "or --activation relu --anchors 10,20/32,64/128,256 (relu_anchors10.pth)"
)


def load_network(path: str | os.PathLike, activation: str | None = None, anchors: str | None = None) -> RetinaFace:
    """Loads a checkpoint as a network in evaluation mode: of retinaface_training.train, or another of this architecture (see wrappers.py).

    `activation` and `anchors` are needed for checkpoints of other programs, which do not store them. Raises ModelFileError.
    """
    if not os.access(path, os.R_OK):
        raise ModelFileError(f"{path}: is absent or cannot be read")
    try:
        checkpoint = read_checkpoint(path)
        if is_own(checkpoint):
            _refuse_options(path, activation, anchors)
            return load_checkpoint(path)
        if activation is None or anchors is None:
            weights_without_configuration(checkpoint, path)  # first the faults that options cannot correct
            raise ModelFileError(
                f"{path}: is not a checkpoint of retinaface_training.train and does not store activation and anchors; {PUBLISHED_HINT}"
            )
        slope = "leaky:0.1" if activation == "leaky" else activation
        return load_published(path, with_anchors(NetworkConfig(), anchors, slope))
    except ValueError as error:
        raise ModelFileError(_one_line(error)) from None


def load_any(path: str | os.PathLike, activation: str | None = None, anchors: str | None = None) -> nn.Module:
    """Loads as `load_network`, and exchange files (.safetensors) too; all return `Heads` and have a `description`."""
    if Path(path).suffix != ".safetensors":
        return load_network(path, activation, anchors)
    _refuse_options(path, activation, anchors)
    return Interpreter.load(path)


def add_weight_options(parser: argparse.ArgumentParser) -> None:
    """Adds --activation and --anchors, the options of every program that reads weights."""
    parser.add_argument("--activation", metavar="NAME", help="for published checkpoints: relu, leaky (slope 0.1) or leaky:SLOPE")
    parser.add_argument(
        "--anchors",
        metavar="SIDES",
        help="for published checkpoints: sides in pixels, levels separated by '/', such as 16,32/64,128/256,512",
    )


def _refuse_options(path: str | os.PathLike, activation: str | None, anchors: str | None) -> None:
    if activation is not None or anchors is not None:
        raise ModelFileError(
            f"{path}: a checkpoint of retinaface_training.train stores its activation and anchors: leave --activation and --anchors out"
        )


def _one_line(error: Exception) -> str:
    """Shortens a message: PyTorch's have many lines and list every key."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:300] + "..."


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.export",
        description=__doc__.split("\n\n")[0],
        epilog=f"A published checkpoint needs both options: {PUBLISHED_HINT}.",
    )
    parser.add_argument("weights", metavar="WEIGHTS", help="checkpoint of retinaface_training.train, or a published .pth")
    parser.add_argument("--output", required=True, metavar="FILE", help="the safetensors file to write")
    add_weight_options(parser)
    options = parser.parse_args(arguments)
    try:
        if Path(options.weights).suffix == ".safetensors":
            raise ModelFileError(f"{options.weights}: is an exchange file, folded already; convert it with rf-pack")
        network = load_network(options.weights, options.activation, options.anchors)
        graph, tensors = model_file.write(options.output, network)
    except (ModelFileError, OSError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    anchors = "/".join(",".join(f"{side:g}" for side in level.anchors) for level in graph.description.levels)
    print(
        f"{options.output}: {len(graph.layers)} layers, {sum(t.size for t in tensors.values())} numbers, anchors {anchors}", file=sys.stderr
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
