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
def shared() -> Path:
    """The data beside the project; the test is skipped, with the reason, where it is missing."""
    folder = Path(os.environ.get("RF_SHARED", TRAINING.parent.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing: it holds the published weights and the data (set RF_SHARED)")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also the tests that take minutes, such as every published figure")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: takes minutes; runs with --full only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "full" in item.keywords and not config.getoption("--full"):
            item.add_marker(pytest.mark.skip(reason="takes minutes; run with --full"))
