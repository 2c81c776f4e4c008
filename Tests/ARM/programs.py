#!/usr/bin/env python3
"""Runs one rf-cam after another on the same inputs and demands the same answers: results, messages and exit status.

Usage: programs.py HOST_PROGRAM NAME=COMMAND...     COMMAND: the words that run another build, such as "qemu-arm build/armv7/rf-cam"

The inputs are those at which machines of 32 and 64 bits could differ: every kind of picture and format, headers that claim
sizes whose products exceed 31 bits, long numbers on the command line and in the configuration file, names that are no UTF-8.
"""

import base64
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "Tests/Fixtures"
# Small: kernels without NEON are slow under emulation.
SMALL = ["--size", "96", "--threshold", "0.3"]
# Measured times differ between runs.
TIMES = re.compile(rb'"(timestamp_s|latency_ms)":[-0-9.]+')
# Printed on processors without kernels in C (32-bit ARM) only.
SLOW_KERNELS = re.compile(rb"rf-cam: this processor has portable kernels only: .*\n")
LONG_NUMBERS = ["3000000000", "2147483648", "4294967297", "9999999999", "18446744073709551617", "9" * 40]


def pnm_files(folder: Path) -> None:
    """Writes a picture of every PNM kind, and headers that no file can hold."""
    side = 24
    gray = bytes((7 * i) % 256 for i in range(side * side))
    color = bytes((11 * i) % 256 for i in range(3 * side * side))
    wide = b"".join((257 * value).to_bytes(2, "big") for value in gray)
    files = {
        "p2.pgm": f"P2 {side} {side} 255\n".encode() + b" ".join(str(v).encode() for v in gray) + b"\n",
        "p3.ppm": f"P3\n# a comment\n{side} {side}\n255\n".encode() + b" ".join(str(v).encode() for v in color) + b"\n",
        "p5.pgm": f"P5 {side} {side} 255\n".encode() + gray,
        "p5-16.pgm": f"P5 {side} {side} 65535\n".encode() + wide,
        "p6.ppm": f"P6 {side} {side} 255\n".encode() + color,
        "p6-1.ppm": f"P6 {side} {side} 1\n".encode() + bytes(v & 1 for v in color),
        "p4.pbm": b"P4 8 1\n\1",
        "sample.pgm": b"P2 2 1 255 1 99999999999",
    }
    for number in [*LONG_NUMBERS, "65500", "100000000"]:
        files[f"claims-{number}x1.ppm"] = f"P6 {number} 1 255\n".encode()
        files[f"claims-{number}x{number}.pgm"] = f"P5 {number} {number} 65535\n".encode()
        files[f"most-{number}.pgm"] = f"P5 2 2 {number}\nabcd".encode()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def jpeg_files(folder: Path) -> None:
    """Writes JPEGs with impossible frame headers and with Exif offsets of 32 bits."""
    jpeg = (FIXTURES / "kinds/gray.jpg").read_bytes()
    frame = jpeg.index(b"\xff\xc0")
    for width, height in [(65500, 65500), (65535, 65535), (46341, 46341), (65500, 1), (10000, 10000), (0, 5)]:
        size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
        (folder / f"claims-{width}x{height}.jpg").write_bytes(jpeg[: frame + 5] + size + jpeg[frame + 9 :])
    for offset in [8, 0x7FFFFFFF, 0x7FFFFFFE, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF]:
        entry = (0x0112).to_bytes(2, "big") + (3).to_bytes(2, "big") + (1).to_bytes(4, "big") + bytes([0, 6, 0, 0])
        tiff = b"MM\0*" + offset.to_bytes(4, "big") + (1).to_bytes(2, "big") + entry + bytes(4)
        segment = b"Exif\0\0" + tiff
        app1 = b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment
        (folder / f"exif-{offset:x}.jpg").write_bytes(jpeg[:2] + app1 + jpeg[2:])


def make_inputs(folder: Path) -> None:
    (folder / "in").mkdir()
    pnm_files(folder / "in")
    jpeg_files(folder / "in")
    (folder / os.fsdecode(b"latin-\xe9.jpg")).write_bytes((FIXTURES / "kinds/420.jpg").read_bytes())
    (folder / os.fsdecode("turned-\u202e\u009b.jpg".encode())).write_bytes((FIXTURES / "kinds/420.jpg").read_bytes())
    lines = [f"{name} = {number}" for number in LONG_NUMBERS for name in ("frames", "size", "max-faces", "threads", "sync")]
    (folder / "long.conf").write_text("\n".join(lines) + "\n")
    (folder / "stream.mjpeg").write_bytes((FIXTURES / "kinds/420.jpg").read_bytes() * 3)
    (folder / "raw").write_bytes(bytes((13 * i) % 256 for i in range(40 * 30 * 3 * 2)))


def runs() -> list[tuple[list[str], str | None]]:
    """Lists the runs: the words after the program's name, and the file that is standard input."""
    found: list[tuple[list[str], str | None]] = []
    for output_format in ("text", "json", "hash"):
        found.append(([*SMALL, "--format", output_format, str(FIXTURES / "kinds")], None))
        found.append(([*SMALL, "--format", output_format, "in"], None))
    found.append(([*SMALL, "--format", "wider", "--output", "OUT/wider", "in", str(FIXTURES / "kinds")], None))
    found.append(([*SMALL, "--output", "OUT/pictures", "--crops", "OUT/crops", str(FIXTURES / "kinds/rgb.jpg"), "in/p6.ppm"], None))
    found.append(([*SMALL, "--format", "json", "latin-\udce9.jpg", "turned-\u202e\u009b.jpg"], None))
    found.append(([*SMALL, "-"], "stream.mjpeg"))
    found.append(([*SMALL, "--smooth", "--format", "json", "-"], "stream.mjpeg"))
    for pixels in ("yuyv", "uyvy", "nv12", "nv21", "nv16", "i420", "rgb", "bgr", "rgbx", "bgrx", "gray"):
        found.append((["--threshold", "0.05", "--format", "json", "--raw", f"{pixels}:40x30", "-"], "raw"))
    for number in LONG_NUMBERS:
        for option in ("--frames", "--size", "--max-faces", "--threads", "--sync", "--nms"):
            found.append(([option, number, "in/p5.pgm"], None))
        found.append((["--results", f"udp:127.0.0.1:{number}", "in/p5.pgm"], None))
        found.append((["--raw", f"gray:{number}x1", "-"], "raw"))
        found.append(([f"pattern:{number}x{number}"], None))
    found.append((["--raw", "gray:65500x65500", "-"], "raw"))
    found.append((["--config", "long.conf", "in/p5.pgm"], None))
    # The product of the sides exceeds 31 bits, the network's input is small.
    found.append((["--format", "hash", "--frames", "1", "--size", "33000", "pattern:65500x2"], None))
    found.append((["--size", "65500", "in/p5.pgm"], None))
    return found


def answer(program: list[str], words: list[str], stdin: str | None, folder: Path, name: str) -> bytes:
    """Returns all that a run gives except measured times: status, both streams, the files that it wrote."""
    out = f"out-{name}"
    words = [word.replace("OUT", out) for word in words]
    with open(folder / stdin if stdin else os.devnull, "rb") as file:
        run = subprocess.run([*program, *words], cwd=folder, stdin=file, capture_output=True, timeout=600)
    parts = [f"exit status {run.returncode}".encode(), TIMES.sub(rb'"\1":0', run.stdout), SLOW_KERNELS.sub(b"", run.stderr)]
    for path in sorted((folder / out).rglob("*")) if any(out in word for word in words) else []:
        if path.is_file():
            parts += [str(path.relative_to(folder / out)).encode(), base64.b64encode(path.read_bytes())]
    return b"\n".join(parts).replace(out.encode(), b"OUT")


def main() -> int:
    host, *others = sys.argv[1:]
    host = str(Path(host).resolve())
    programs = {}
    for other in others:
        name, _, command = other.partition("=")
        *before, program = shlex.split(command)
        programs[name] = [*before, str(Path(program).resolve())]
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_inputs(folder)
        wanted = [(words, stdin, answer([host], words, stdin, folder, "host")) for words, stdin in runs()]
        if any(answer.startswith(b"exit status -") for _, _, answer in wanted):
            print("the host's program was killed by a signal", file=sys.stderr)
            return 1
        if not all(any(text in answer for _, _, answer in wanted) for text in (b'"source_bytes":', b"claims 65500 x 65500", b'"faces":[{')):
            print("the host's answers lack what is to be compared", file=sys.stderr)
            return 1
        for name, program in programs.items():
            different = 0
            for words, stdin, want in wanted:
                given = answer(program, words, stdin, folder, name)
                if given == want:
                    continue
                different += 1
                lines = [f"  {a!r}\n  {b!r}" for a, b in zip(want.split(b"\n"), given.split(b"\n"), strict=False) if a != b]
                print(f"{name}: {shlex.join(words)}: not the host's answer:\n{(lines or ['  more lines'])[0][:1000]}", file=sys.stderr)
            print(f"{name}: the host's answers in {len(wanted) - different} of {len(wanted)} runs")
            failed += different
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
