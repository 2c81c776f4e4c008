"""Estimates cycles of blocks of instructions by LLVM's model of a processor."""

import re
import subprocess
import tempfile
from pathlib import Path

MCA = "llvm-mca-19"
ITERATIONS = 100
REGIONS = 300


class Processor:
    """Results of llvm-mca for a processor, stored per block.

    A block is assumed to repeat: first-level cache hits, correct predictions, no instructions of other blocks in between.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._costs: dict[str, tuple[float, float]] = {}
        # Blocks that the model lacks: one cycle per instruction is assumed.
        self.guessed: list[str] = []

    def learn(self, blocks: list[str]) -> None:
        new = [block for block in dict.fromkeys(blocks) if block not in self._costs]
        for start in range(0, len(new), REGIONS):
            self._ask(new[start : start + REGIONS])

    def cycles(self, block: str) -> float:
        """Cycles per execution."""
        return self._costs[block][0]

    def least_cycles(self, block: str) -> float:
        """Cycles if every pipe were fully used."""
        return self._costs[block][1]

    def _ask(self, blocks: list[str]) -> None:
        regions = (f"# LLVM-MCA-BEGIN b{i}\n{block}# LLVM-MCA-END\n" for i, block in enumerate(blocks))
        with tempfile.NamedTemporaryFile("w", suffix=".s") as file:
            file.write(".L:\n" + "".join(regions))
            file.flush()
            command = [
                MCA,
                "-mtriple=aarch64-linux-gnu",
                f"-mcpu={self.name}",
                "-mattr=+dotprod,+lse",
                f"-iterations={ITERATIONS}",
                str(Path(file.name)),
            ]
            answer = subprocess.run(command, capture_output=True, text=True)
        pattern = r"Code Region - b(\d+)\n.*?Total Cycles:\s+(\d+).*?Block RThroughput: ([\d.]+)"
        found = {int(i): (int(total) / ITERATIONS, float(least)) for i, total, least in re.findall(pattern, answer.stdout, re.S)}
        if len(found) == len(blocks):
            for i, block in enumerate(blocks):
                self._costs[block] = found[i]
        elif len(blocks) > 1:
            # llvm-mca stops at an instruction that the processor's model lacks, without results for the rest.
            middle = len(blocks) // 2
            self._ask(blocks[:middle])
            self._ask(blocks[middle:])
        else:
            instructions = blocks[0].count("\n")
            self._costs[blocks[0]] = instructions, instructions
            self.guessed.append(blocks[0])
