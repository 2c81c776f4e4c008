"""Adds the package to the path; tests that need one of the packages in Benchmarks/requirements.txt are skipped without it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
