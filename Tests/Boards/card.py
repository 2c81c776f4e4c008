"""A card with one of our images on it: a copy that a test may change, and what is on its two partitions afterwards."""

import subprocess
from pathlib import Path


class Card:
    """A copy of an image in `folder`."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.path = folder / "card.img"
        subprocess.run(["cp", "--sparse=always", image.resolve(), self.path], check=True)

    def _partition(self, number: int) -> str:
        """As mtools name it: where it starts stands in the partition table (16 bytes an entry from 446 on)."""
        with self.path.open("rb") as card:
            entry = card.read(512)[446 + 16 * (number - 1) :]
        return f"{self.path}@@{512 * int.from_bytes(entry[8:12], 'little')}"

    def write(self, name: str, content: bytes, partition: int = 1) -> None:
        """Puts a file on a partition, over one that is there."""
        local = self.path.with_name("written")
        local.write_bytes(content)
        subprocess.run(["mcopy", "-o", "-i", self._partition(partition), local, f"::{name}"], check=True)

    def read(self, name: str, partition: int = 2) -> bytes:
        """Returns a file's content; empty if it does not exist."""
        return subprocess.run(["mtype", "-i", self._partition(partition), f"::{name}"], capture_output=True).stdout

    def configure(self, **settings: str) -> None:
        """Writes rf-cam.conf. `max_faces="5"` becomes the line `max-faces = 5`."""
        lines = [f"{name.replace('_', '-')} = {value}\n" for name, value in settings.items()]
        self.write("rf-cam.conf", "".join(lines).encode())

    def delete(self, name: str, partition: int = 1) -> None:
        subprocess.run(["mdel", "-i", self._partition(partition), f"::{name}"], check=True)

    def fill(self, partition: int) -> None:
        """Leaves no room but some kilobytes."""
        for power in range(26, 11, -1):
            self.path.with_name("filler").write_bytes(bytes(1 << power))
            for number in range(3):
                target = f"::{power}-{number}"
                command = ["mcopy", "-i", self._partition(partition), self.path.with_name("filler"), target]
                if subprocess.run(command, capture_output=True).returncode != 0:
                    # mcopy leaves what it could write.
                    subprocess.run(["mdel", "-i", self._partition(partition), target], capture_output=True)
                    break

    def drive(self, *options: str) -> list[str]:
        """Returns QEMU's options for the card as a disk; a power cut may interrupt writes."""
        return ["-drive", ",".join([f"if=none,id=card,format=raw,cache=directsync,file={self.path}", *options])]
