#!/usr/bin/env python3
"""Prints the kernel modules that the enabled devices of device trees need, one per line.

A device tree says what a board has ("compatible"), a kernel package says which module drives what (modules.alias): the image
gets what its boards ask for and no more. Usage: modules.py modules.alias BOARD.dtb...
"""

import re
import subprocess
import sys
from collections.abc import Iterator


def modules_by_compatible(aliases: str) -> dict[str, set[str]]:
    """Reads aliases from lines such as `alias of:N*T*Crockchip,rk3399-pcieC* pcie_rockchip_host`."""
    drivers: dict[str, set[str]] = {}
    for line in aliases.splitlines():
        words = line.split()
        if len(words) == 3 and words[1].startswith("of:"):
            compatible = words[1].partition("C")[2].rstrip("*").removesuffix("C")
            drivers.setdefault(compatible, set()).add(words[2])
    return drivers


def enabled_compatibles(tree: str) -> Iterator[str]:
    """Returns the compatible strings of all devices of a device tree (source form) that are enabled with all parents."""
    nodes: list[dict] = []
    for line in map(str.strip, tree.splitlines()):
        if line.endswith("{"):
            nodes.append({"compatible": [], "enabled": True})
        elif line.startswith("compatible ="):
            nodes[-1]["compatible"] = [name for text in re.findall(r'"([^"]*)"', line) for name in text.split("\\0")]
        elif line.startswith("status ="):
            nodes[-1]["enabled"] = '"okay"' in line or '"ok"' in line
        elif line == "};":
            node = nodes.pop()
            if node["enabled"] and all(parent["enabled"] for parent in nodes):
                yield from node["compatible"]


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        drivers = modules_by_compatible(file.read())
    needed: set[str] = set()
    for path in sys.argv[2:]:
        command = ["dtc", "-q", "-I", "dtb", "-O", "dts", path]
        tree = subprocess.run(command, check=True, capture_output=True, text=True)
        for compatible in enabled_compatibles(tree.stdout):
            needed |= drivers.get(compatible, set())
    print("\n".join(sorted(needed)))


if __name__ == "__main__":
    main()
