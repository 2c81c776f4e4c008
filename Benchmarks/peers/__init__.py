"""Times other engines on the network that ships, besides this project's own engine: `python -m peers --help`."""

import sys
from pathlib import Path

# The training's package reads pictures and model files and writes ONNX graphs, so that the whole project has one of each.
sys.path.append(str(Path(__file__).resolve().parents[2] / "Training"))
