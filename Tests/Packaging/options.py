"""The options of the program, read from its help."""

import re
import subprocess
from pathlib import Path


def options(program: Path) -> dict[str, str]:
    """Every option of --help, long and short, with what follows it."""
    found = {}
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    for long, _, short, valid in re.findall(r"^  (--[a-z-]+)(, (-[a-z]))?(.*)$", text, re.M):
        found[long] = valid.strip()
        if short:
            found[short] = ""
    assert len(found) > 20
    return found
