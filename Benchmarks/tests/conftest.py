"""Where the package is; the heavy packages are those of Benchmarks/requirements.txt, and tests that need one say so."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
