"""Python files keep the rules and the format of pyproject.toml, and the project has one version number."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_files_keep_the_rules_and_the_format(command):
    result = subprocess.run([sys.executable, "-m", "ruff", *command, "--no-cache", ROOT], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, f"run make format\n{result.stdout}{result.stderr}"


def test_the_version_stands_in_one_place():
    source = PROJECT["tool"]["hatch"]["version"]
    (version,) = re.findall(source["pattern"], (ROOT / source["path"]).read_text())
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    program = ROOT / "build/rf-cam"
    if program.exists():
        text = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
        assert text.startswith(f"rf-cam {version}\n")


def test_the_package_has_the_versions_of_the_pinned_requirements():
    text = "".join((ROOT / f"Training/{name}.txt").read_text() for name in ("requirements", "requirements-eval"))
    pins = dict(line.split("==") for line in text.split() if "==" in line)
    for requirement in PROJECT["project"]["dependencies"]:
        name, least = requirement.split(">=")
        assert [int(part) for part in pins[name].split(".")] >= [int(part) for part in least.split(".")], name
