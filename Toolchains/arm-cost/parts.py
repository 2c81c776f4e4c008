"""What the QEMU plugins have counted: parts of a frame, from mark to mark."""
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from program import Program


@dataclass
class Part:
    """A layer or stage."""

    name: str
    kind: str
    multiply_adds: int
    lines: list[list[int]] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    """Instructions that always run together, and how often they have."""

    address: int
    instructions: int
    count: int


def counted(plugin: Path, emulated: str, command: list[str], output: Path) -> list[Part]:
    """Runs a program under a plugin; parts that the program does not name (`-`) are left out."""
    subprocess.run(["qemu-aarch64", "-cpu", emulated, "-plugin", f"{plugin},out={output}", *command],
                   check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
    parts: list[Part] = []
    for line in output.read_text().splitlines():
        if line.startswith("mark "):
            _, name, kind, multiply_adds = line.split()
            parts.append(Part(name, kind, int(multiply_adds)))
        else:
            first, *rest = line.split()
            parts[-1].lines.append([int(first, 16 if len(rest) == 2 and plugin.stem == "blocks" else 10), *map(int, rest)])
    return [part for part in parts if part.kind != "-"]


def blocks_of(part: Part, program: Program) -> list[Block]:
    """A part's blocks. Those that follow each other in memory and have run equally often are one: QEMU cuts at a page's end,
    after 512 instructions and at branches that are never taken, and a processor that predicts those runs straight on."""
    counts: dict[tuple[int, int], int] = {}
    for address, instructions, count in part.lines:
        counts[address, instructions] = counts.get((address, instructions), 0) + count
    joined: list[Block] = []
    # By end and count; blocks may overlap, because QEMU starts one wherever the program has jumped to.
    open_ends: dict[tuple[int, int], int] = {}
    for (address, instructions), count in sorted(counts.items()):
        index = open_ends.pop((address, count), None)
        if index is None or program.leaves(address - 4):
            index = len(joined)
            joined.append(Block(address, instructions, count))
        else:
            joined[index] = Block(joined[index].address, joined[index].instructions + instructions, count)
        open_ends[address + 4 * instructions, count] = index
    return joined
