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
