"""What the QEMU plugins have counted: parts of a frame, from mark to mark."""
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


def counted(plugin: Path, emulated: str, command: list[str], output: Path, again: bool = False) -> list[Part]:
    """Runs a program under a plugin, or takes what it told the last time; parts without a kind (`-`) are left out."""
    if not again:
        subprocess.run(["qemu-aarch64", "-cpu", emulated, "-plugin", f"{plugin},out={output}", *command],
                       check=True, stdout=subprocess.DEVNULL)
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
    """A part's blocks, joined where one runs on into the next: a processor that predicts branches has both in hand at once.

    QEMU cuts at every branch, at a page's end and after 512 instructions. Two blocks that follow each other in memory are taken
    to have run together as often as the rarer of them.
    """
    counts: dict[tuple[int, int], int] = {}
    for address, instructions, count in part.lines:
        counts[address, instructions] = counts.get((address, instructions), 0) + count
    joined: list[Block] = []
    ends: dict[int, list[int]] = {}
    for (address, instructions), count in sorted(counts.items()):
        before = [] if program.leaves(address - 4) else ends.pop(address, [])
        for index in sorted(before, key=lambda i: joined[i].count != count):
            block = joined[index]
            together = min(block.count, count)
            joined[index] = Block(block.address, block.instructions, block.count - together)
            count -= together
            _append(joined, ends, Block(block.address, block.instructions + instructions, together))
        _append(joined, ends, Block(address, instructions, count))
    return [block for block in joined if block.count > 0]


def _append(joined: list[Block], ends: dict[int, list[int]], block: Block) -> None:
    if block.count > 0:
        ends.setdefault(block.address + 4 * block.instructions, []).append(len(joined))
        joined.append(block)
