"""Reads a built ARM program: its instructions by address, and the function of each."""

import bisect
import re
import subprocess
from pathlib import Path

OBJDUMP = "llvm-objdump-19"
BRANCH = re.compile(r"(b|bl|b\.\w+|bc\.\w+|cbn?z|tbn?z)\s")


class Program:
    """Disassembles a static program, with the functions from the linker's map (the program itself is stripped)."""

    def __init__(self, elf: Path, link_map: Path) -> None:
        self.instructions = dict(_disassembled(elf))
        self._starts, self._functions = _functions(link_map)

    def owner(self, address: int) -> tuple[str, str]:
        """Returns the object file and function of an instruction."""
        index = bisect.bisect_right(self._starts, address) - 1
        return self._functions[index] if index >= 0 else ("?", "?")

    def text(self, address: int, count: int) -> str:
        """Returns instructions in llvm-mca's format, one per line."""
        return "".join(self.instructions.get(address + 4 * i, "nop") + "\n" for i in range(count))


def _disassembled(elf: Path):
    command = [OBJDUMP, "-d", "--no-show-raw-insn", "--mattr=+dotprod,+lse", str(elf)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        found = re.match(r"^\s*([0-9a-f]+):\s+(\S.*)$", line)
        if not found:
            continue
        text = re.sub(r"\s*<[^>]*>|//.*", "", found.group(2))
        if BRANCH.match(text):
            text = re.sub(r"\b0x[0-9a-f]+$", ".L", text)
        text = re.sub(r"^(adrp?\s+\w+,).*", r"\1 .L", text)
        yield int(found.group(1), 16), text


def _functions(link_map: Path) -> tuple[list[int], list[tuple[str, str]]]:
    """Returns start addresses and (object, function) of every function in lld's map, by address."""
    found: dict[int, tuple[str, str]] = {}
    source = "?"
    for line in link_map.read_text().splitlines():
        columns = re.match(r"\s*([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+\s+(\S.*)$", line)
        if not columns:
            continue
        section = re.match(r"(.*):\(\.text\S*\)$", columns.group(3))
        address, size, name = int(columns.group(1), 16), int(columns.group(2), 16), columns.group(3).strip()
        if section:
            source = _short(section.group(1))
            found.setdefault(address, (source, "?"))
        elif size and re.match(r"[\w$.]+$", name) and not name.startswith((".", "$")):
            found[address] = (source, name)
    starts = sorted(found)
    return starts, [found[start] for start in starts]


def _short(path: str) -> str:
    """Returns `neon/u8_conv.c` for `.../CKernels.build/neon/u8_conv.c.o`, `libc.a` for an archive's member."""
    archive = re.search(r"([\w.+-]+\.a)\(", path)
    if archive:
        return archive.group(1)
    parts = Path(path).parts
    build = next((i for i, part in enumerate(parts) if part.endswith(".build")), len(parts) - 2)
    return "/".join(parts[build + 1 :]).removesuffix(".o")
