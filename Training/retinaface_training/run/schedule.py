"""Progress of a run, and the learning rate as a function of it.

Progress runs from 0 to 1 over a number of pictures or over a time: then a slow machine
ends on time with a smooth end, too. Steps at 55/80 and 68/80 are the paper's (section 4.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

DROPS = (55 / 80, 68 / 80)


@dataclass(frozen=True)
class Schedule:
    """peak: highest learning rate. warm_up: share of the run until then, starting from a tenth. kind: "cosine" or "steps"."""

    peak: float
    warm_up: float = 0.03
    kind: str = "cosine"

    def learning_rate(self, progress: float) -> float:
        """Returns the rate at `progress` 0...1."""
        if progress < self.warm_up:
            return self.peak * (0.1 + 0.9 * progress / self.warm_up)
        if self.kind == "steps":
            return self.peak * 0.1 ** sum(progress >= drop for drop in DROPS)
        through = (progress - self.warm_up) / (1 - self.warm_up)
        return self.peak * (0.001 + 0.999 * (1 + math.cos(math.pi * min(1.0, through))) / 2)


@dataclass(frozen=True)
class Budget:
    """Length of a run: `pictures` or, where given, `seconds` of training."""

    pictures: int
    seconds: float | None = None

    def progress(self, pictures: int, seconds: float) -> float:
        """Returns the progress 0...1; 1 is the end."""
        return min(1.0, pictures / self.pictures if self.seconds is None else seconds / max(self.seconds, 1e-9))
