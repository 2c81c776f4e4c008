"""Configuration of a RetinaFace, and its form on command lines and in files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

LEVELS = (3, 4, 5)
"""Pyramid levels; level L has a stride of 2**L input pixels."""

STRIDES = tuple(2**level for level in LEVELS)

Anchors = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class NetworkConfig:
    """Properties in which one RetinaFace differs from another.

    activation: "relu" or "leaky:SLOPE", used everywhere except after the context modules' concatenation (always ReLU).
    anchors: square anchor sides in input pixels, one tuple per level, finest first.
    stem_stride: 2 (3x3 convolution) or 4 (7x7 convolution; block 2 then keeps its input's size).
    """

    activation: str = "relu"
    anchors: Anchors = ((16, 32), (64, 128), (256, 512))
    stem_stride: int = 2

    def __post_init__(self) -> None:
        parse_activation(self.activation)
        if self.stem_stride not in (2, 4):
            raise ValueError(f"stem stride {self.stem_stride}: must be 2 or 4")
        if len(self.anchors) != len(LEVELS) or not all(self.anchors):
            raise ValueError(f"anchors {self.anchors}: need sides for each of {len(LEVELS)} levels")

    @property
    def block_strides(self) -> tuple[int, ...]:
        second = 2 if self.stem_stride == 2 else 1
        return (1, second, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)

    def to_dict(self) -> dict[str, object]:
        """Returns the configuration in plain types, as checkpoints store it."""
        return {**asdict(self), "anchors": [list(sides) for sides in self.anchors]}

    @classmethod
    def from_dict(cls, facts: Mapping[str, object]) -> NetworkConfig:
        """Inverts `to_dict`."""
        anchors = tuple(tuple(int(side) for side in sides) for sides in facts["anchors"])
        return cls(activation=str(facts["activation"]), anchors=anchors, stem_stride=int(facts["stem_stride"]))


def parse_anchors(text: str) -> Anchors:
    """Parses anchor sides such as "16,32/64,128/256,512". Raises ValueError if a side is not a positive whole number."""
    try:
        anchors = tuple(tuple(int(side) for side in level.split(",")) for level in text.split("/"))
    except ValueError:
        raise ValueError(f"anchors {text!r}: write sides in pixels like 16,32/64,128/256,512") from None
    if any(side <= 0 for sides in anchors for side in sides):
        raise ValueError(f"anchors {text!r}: sides must be positive")
    return anchors


def parse_activation(text: str) -> float:
    """Returns the slope below zero of "relu" (0) or "leaky:SLOPE". Raises ValueError for other text."""
    if text == "relu":
        return 0.0
    kind, _, slope = text.partition(":")
    try:
        if kind == "leaky" and 0.0 < float(slope) < 1.0:
            return float(slope)
    except ValueError:
        pass
    raise ValueError(f"activation {text!r}: write relu or leaky:SLOPE with a slope between 0 and 1, like leaky:0.1")


def with_anchors(config: NetworkConfig, anchors: str | None, activation: str | None) -> NetworkConfig:
    """Returns `config` with the anchors and the activation of a command line, where given."""
    if anchors is not None:
        config = replace(config, anchors=parse_anchors(anchors))
    return config if activation is None else replace(config, activation=activation)
