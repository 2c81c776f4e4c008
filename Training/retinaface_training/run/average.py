"""The moving average of a network's weights, which generalises better than the last step's."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential average of a network's weights and batch-norm statistics.

    At first the average covers the last tenth of the steps only, so the random start has no lasting influence.
    """

    def __init__(self, network: nn.Module, decay: float):
        self.decay = decay
        self.state = {key: value.detach().clone() for key, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Adds the weights after `step` steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        current = network.state_dict()
        averaged = [key for key, value in current.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.state[key] for key in averaged], [current[key] for key in averaged], 1 - decay)

    def load(self, state: dict[str, Tensor]) -> None:
        """Continues from a checkpoint's average."""
        for key, value in state.items():
            self.state[key].copy_(value)
