"""Paths of inputs and outputs. All outputs are below build/benchmarks."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "build/rf-bench"
OUTPUT = ROOT / "build/benchmarks"
MODELS = OUTPUT / "models"
FLOAT_MODEL = ROOT / "Models/default-float32.rfm"
INT8_MODEL = ROOT / "Models/default.rfm"
#: Picture on which the engines are compared.
PICTURE = ROOT / "Tests/Fixtures/pictures/group.jpg"
#: Pictures with faces, for calibration: a folder of the research data (CONTRIBUTING.md), or None.
CALIBRATION = Path(os.environ["RF_DATA"]) / "data/train/images" if os.environ.get("RF_DATA") else None

SIZES = {"vga": (640, 480), "hd": (1920, 1080)}
