"""Paths of the programs under test."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "Preview"))


@pytest.fixture(scope="session")
def program() -> Path:
    path = Path(os.environ.get("RF_CAM", ROOT / "build" / "rf-cam"))
    assert path.exists(), f"{path} is missing: make build, or name it in RF_CAM"
    return path
