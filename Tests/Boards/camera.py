"""Adds test programs to an image's initial RAM disk (guest/): a camera that shows a known picture (the kernel's vivid), and a
script that observes or stops rf-cam."""

import subprocess
from pathlib import Path

from emulator import BUILD, ROOT, Machine

# The first frames may be vivid's own pattern, and emulated processors are slow: one frame a start is enough.
SETTINGS = {"camera": "640x480:YUYV", "threads": "2", "frames": "1"}


def with_camera(initrd: Path, architecture: str, folder: Path) -> Path:
    """The image's initial RAM disk with the files of guest/ after it; start it with rdinit=/test/init."""
    subprocess.run([ROOT / "Tests/Boards/guest/make.sh", architecture], check=True)
    both = folder / "initrd.gz"
    both.write_bytes(initrd.read_bytes() + (BUILD / f"boards/test-{architecture}.gz").read_bytes())
    return both


def host_faces() -> list[str]:
    """Returns rf-cam's results on this machine for the same bytes, without the source's name."""
    with (BUILD / "boards/pictures/640x480.yuyv").open("rb") as picture:
        command = [BUILD / "rf-cam", "--raw", "yuyv:640x480", "-"]
        lines = subprocess.run(command, stdin=picture, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(lines) >= 5, "the picture has too few faces to compare"
    return [line.partition(" ")[2] for line in lines]


def check_faces(device: Machine) -> None:
    """Waits for a frame whose faces equal the host's in every digit; returns the time that it took."""
    expected = host_faces()
    device.wait_for("camera 1.000 ", "camera 0.9")
    print(f"from the start of the machine to the first face: {device.seconds:.1f} s")
    device.wait_for("rf-cam has come to the end of its source")
    found = [line.partition(" ")[2] for line in device.lines if line.startswith(("camera 0.", "camera 1."))]
    assert found[-len(expected) :] == expected, device.text
