"""Counts of the QEMU plugins: parts of a frame, from mark to mark."""

import struct
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
    # Address and instructions of a block and of its successor, and the number of executions.
    entries: list[list[int]] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    """Instructions that always run together, and the number of their executions."""

    address: int
    instructions: int
    count: int


def counted(plugin: Path, emulated: str, command: list[str], output: Path, again: bool = False) -> list[Part]:
    """Runs a program under a plugin, or reads the stored result of the last run; parts without a kind (`-`) are left out."""
    if not again:
        subprocess.run(
            ["qemu-aarch64", "-cpu", emulated, "-plugin", f"{plugin},out={output}", *command], check=True, stdout=subprocess.DEVNULL
        )
    parts: list[Part] = []
    offset = 0
    for line in output.read_text().splitlines():
        if line.startswith("start "):
            offset = int(line.split()[1], 16) - _entry_point(Path(command[0]))
        elif line.startswith("mark "):
            _, name, kind, multiply_adds = line.split()
            parts.append(Part(name, kind, int(multiply_adds)))
        elif plugin.stem == "blocks":
            words = line.split()
            values = [
                int(word, 16) - offset if index % 2 == 0 and index < len(words) - 1 else int(word) for index, word in enumerate(words)
            ]
            (parts[-1].lines if len(values) == 3 else parts[-1].entries).append(values)
        else:
            parts[-1].lines.append([int(word) for word in line.split()])
    return [part for part in parts if part.kind != "-"]


def _entry_point(program: Path) -> int:
    """Returns the address of the first instruction in the file: e_entry of a 64-bit ELF header (System V ABI, "ELF Header")."""
    with program.open("rb") as file:
        return struct.unpack_from("<Q", file.read(64), 24)[0]


def blocks_of(part: Part, program: Program, rule: str = "ran on") -> list[Block]:
    """Returns a part's blocks, joined with their successors: a processor that predicts branches executes both at once.

    QEMU splits at every branch, at a page's end and after 512 instructions. Rule "ran on": two blocks count as one as often as
    the second directly followed the first. Rule "equal": always, if both ran equally often, else never; for comparison.
    """
    counts, entries = _sums(part.lines), _sums(part.entries)
    joined: list[Block] = []
    # Key: the last block of each joined one.
    ends: dict[tuple[int, int], list[int]] = {}
    before: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for first_address, first_instructions, address, instructions in entries:
        before.setdefault((address, instructions), []).append((first_address, first_instructions))
    for (address, instructions), count in sorted(counts.items()):
        key = address, instructions
        for first in before.get(key, []):
            left = min(count, entries[*first, *key])
            if rule == "equal" and counts.get(first) != counts[key]:
                continue
            for index in sorted(ends.get(first, []), key=lambda i: joined[i].count != count):
                block = joined[index]
                together = min(block.count, left)
                joined[index] = Block(block.address, block.instructions, block.count - together)
                left, count = left - together, count - together
                _append(joined, ends, key, Block(block.address, block.instructions + instructions, together))
        _append(joined, ends, key, Block(address, instructions, count))
    return [block for block in joined if block.count > 0]


def _sums(lines: list[list[int]]) -> dict[tuple[int, ...], int]:
    sums: dict[tuple[int, ...], int] = {}
    for *key, count in lines:
        sums[tuple(key)] = sums.get(tuple(key), 0) + count
    return sums


def _append(joined: list[Block], ends: dict[tuple[int, int], list[int]], last: tuple[int, int], block: Block) -> None:
    if block.count > 0:
        ends.setdefault(last, []).append(len(joined))
        joined.append(block)
