"""The options of every program that reads weights. Needs no PyTorch: the evaluation of rf-cam works without it."""

from __future__ import annotations

import argparse

NO_TORCH = "needs PyTorch: install it with make train-setup"


def add_weight_options(parser: argparse.ArgumentParser) -> None:
    """Adds --activation and --anchors."""
    parser.add_argument("--activation", metavar="NAME", help="for published checkpoints: relu, leaky (slope 0.1) or leaky:SLOPE")
    parser.add_argument(
        "--anchors",
        metavar="SIDES",
        help="for published checkpoints: sides in pixels, levels separated by '/', such as 16,32/64,128/256,512",
    )
