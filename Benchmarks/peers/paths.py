"""Where things lie. What is made goes below build/benchmarks; ../shared need not be there."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "build/rf-bench"
OUTPUT = ROOT / "build/benchmarks"
MODELS = OUTPUT / "models"
FLOAT_MODEL = ROOT / "Models/default-float32.rfm"
INT8_MODEL = ROOT / "Models/default.rfm"
#: What the engines' answers are compared on.
PICTURE = ROOT / "Tests/Fixtures/pictures/group.jpg"
CALIBRATION = ROOT.parent / "shared/data/train/images"

SIZES = {"vga": (640, 480), "hd": (1920, 1080)}
