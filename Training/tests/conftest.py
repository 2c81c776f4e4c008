"""What the tests share: where the research data lies, and how a test without it is skipped in sight."""

import os
import sys
from pathlib import Path

import pytest
import torch

TRAINING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TRAINING))
# Tests share their cores with builds; a second thread only waits there.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def research() -> Path:
    """Research data outside the project; skips the test, with the reason, without it."""
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
