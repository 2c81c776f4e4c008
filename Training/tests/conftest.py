"""Shared parts of the tests: the folder of the research data; tests without it are skipped with the reason."""

import os
import sys
from pathlib import Path

import pytest
import torch

TRAINING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TRAINING))
# Tests share their cores with builds, where a second thread only waits.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def research() -> Path:
    """Returns the folder of research data outside the project; without it, skips the test with the reason."""
    folder = os.environ.get("RF_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("left out: set RF_DATA to the folder with the published weights and the data (CONTRIBUTING.md)")
    return Path(folder).absolute()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also the tests that take minutes, such as every published figure")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: takes minutes; runs with --full only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "full" in item.keywords and not config.getoption("--full"):
            item.add_marker(pytest.mark.skip(reason="takes minutes; run with --full"))
