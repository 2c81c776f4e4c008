"""Reports if the program under test is missing."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from program import RunningCamera, program


@pytest.fixture(scope="session", autouse=True)
def built():
    assert program().exists(), f"{program()} is missing: make build, or name it in RF_CAM"


@pytest.fixture(scope="module")
def camera():
    with RunningCamera() as running:
        yield running
