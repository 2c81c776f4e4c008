"""The installed wheel's package and program, and pictures of the repository."""

import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FIXTURES = Path(__file__).parents[1] / "Fixtures"


@pytest.fixture(scope="session")
def program() -> str:
    """The program that pip installed with the package."""
    found = shutil.which("rf-cam", path=sysconfig.get_path("scripts"))
    assert found, "the wheel installs the program"
    return found


@pytest.fixture(scope="session")
def pictures() -> list[Path]:
    return sorted((FIXTURES / "pictures").glob("*.jpg"))


@pytest.fixture(scope="session")
def group() -> np.ndarray:
    return read(FIXTURES / "pictures/group.jpg")


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def text_lines(program: str, *words: object) -> list[str]:
    run = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()
