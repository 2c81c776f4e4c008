"""Runs machines in QEMU and checks the output of their serial ports.

Emulation is slow and this machine may be busy: time limits are wide, and a run ends as soon as it has said its last line.
A guest's clock may count its instructions instead of our seconds (`VIRTUAL_TIME`): a kernel that gets no processor for a while
takes itself for broken otherwise. While the guest has nothing to do, its clock goes like ours: it may be waiting for a disk, which
must not look like minutes to a watchdog. Where it waits for no device, its clock may jump to the next timer (`JUMPING_TIME`).
"""

import selectors
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
# 2 ns an instruction.
VIRTUAL_TIME = ["-icount", "shift=1,sleep=on"]
JUMPING_TIME = ["-icount", "shift=1,sleep=off"]


class Machine:
    """A running machine; `text` collects all its output."""

    def __init__(self, command: list[str]) -> None:
        # First, so that the console is the first serial port.
        common = ["-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot"]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [command[0], *common, *command[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.text = ""

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """As if the power were cut."""
        self.process.kill()
        self.process.wait()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def wait_for(self, *words: str, limit: float = 600) -> str:
        """Reads on until one of the words is there; the line with it. AssertionError where it never comes."""
        deadline = time.monotonic() + limit
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                for line in self.text.split("\n")[:-1]:
                    if any(word in line for word in words):
                        return line
                if not selector.select(deadline - time.monotonic()):
                    raise AssertionError(f"{words} not said within {limit} s; what was said:\n{self.text}")
                piece = self.process.stdout.read1(65536)
                if not piece:
                    raise AssertionError(f"{words} not said before the machine ended; what was said:\n{self.text}")
                self.text += piece.decode("utf-8", "replace").replace("\r", "")

    def listen(self, seconds: float) -> None:
        """Reads the output of that time."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while selector.select(max(0, deadline - time.monotonic())):
                piece = self.process.stdout.read1(65536)
                assert piece, f"the machine ended; what was said:\n{self.text}"
                self.text += piece.decode("utf-8", "replace").replace("\r", "")

    def finish(self, limit: float = 600) -> str:
        """Waits until the machine switches itself off; returns all output."""
        try:
            piece, _ = self.process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"not off within {limit} s; what was said:\n{self.text}") from None
        self.text += piece.decode("utf-8", "replace").replace("\r", "")
        return self.text
