"""Facts that belong to a figure: the machine, the versions, our commit."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .paths import ROOT

PACKAGES = ("openvino", "nncf", "onnx", "onnxruntime", "ncnn", "pnnx")
VECTORS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni")


def machine(name: str | None = None, before: dict | None = None) -> dict[str, str | int]:
    """Describes the machine. `name`: if the processor's name is not clear (virtual machines); without it, the name in `before`."""
    facts = dict(re.findall(r"^([^:\n]+?)\s*:\s*(.*)$", _read("/proc/cpuinfo"), re.MULTILINE))
    model = facts.get("model name", platform.machine())
    if "cpu family" in facts:
        model += f" (family {facts['cpu family']}, model {facts['model']})"
    if not name and before and before["processor"] == model:
        name = before["name"]
    flags = facts.get("flags", "").split()
    return {
        "name": name or model,
        "processor": model,
        "cores": os.cpu_count() or 1,
        "vectors": " ".join(vector for vector in VECTORS if vector in flags),
        "virtual": int("hypervisor" in flags),
        "system": platform.system(),
    }


def versions() -> dict[str, str]:
    """Returns the versions of the packages that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """Returns our commit, with `+` if files are changed; empty outside a repository."""
    try:
        done = subprocess.run(["git", "describe", "--always", "--dirty=+", "--exclude=*"], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
