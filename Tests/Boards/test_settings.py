"""init and rf-cam read the same file: both must read the same value from every line. `results` is a name of both.

Needs build/rf-cam (make build), or another program in RF_CAM.
"""

import os
import subprocess
from pathlib import Path

import pytest

from emulator import BUILD, ROOT

PROGRAM = Path(os.environ.get("RF_CAM", BUILD / "rf-cam")).absolute()


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Path:
    """init's own reader as a program for this machine."""
    init, program = ROOT / "Boards/image/init", tmp_path_factory.mktemp("reader") / "settings"
    subprocess.run(
        [
            "clang",
            "-fuse-ld=lld",
            "-std=gnu2x",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-g",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            f"-I{init}",
            ROOT / "Tests/Boards/settings.c",
            init / "settings.c",
            "-o",
            program,
        ],
        check=True,
    )
    return program


def by_init(reader: Path, file: Path, name: str = "results") -> str | None:
    outcome = subprocess.run([reader, file, name], capture_output=True, text=True)
    assert outcome.returncode in (0, 1), outcome.stderr
    return outcome.stdout.removesuffix("\n") if outcome.returncode == 0 else None


def by_program(file: Path) -> str | None:
    """The file that rf-cam has written results to."""
    folder = file.parent
    before = set(folder.iterdir())
    subprocess.run([PROGRAM, "--config", file], cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    made = {path.name for path in set(folder.iterdir()) - before}
    assert len(made) <= 1
    return made.pop() if made else None


REST = "format = json\nsource = pattern:64x64\nframes = 1\nsize = 64\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("results = a.txt\n", "a.txt"),
        ("\ufeffresults = a.txt\n", "a.txt"),
        ("results = a.txt\nresults = b.txt\n", "b.txt"),
        ("results=a.txt", "a.txt"),
        (" \t results\t=\ta.txt \t\r\n", "a.txt"),
        ("results = a.txt # a comment\n", "a.txt"),
        ("results = a#b.txt\n", "a#b.txt"),
        ("results = a b.txt\n", "a b.txt"),
        ("results = a=b.txt\n", "a=b.txt"),
        ("#results = a.txt\n", None),
        (" # results = a.txt\n", None),
        # A long line is one line, wherever a buffer might end.
        *[("#" + length * "x" + "results = a.txt\n", None) for length in (62, 126, 254, 255, 510, 511, 1022, 4094, 4095)],
        ("# " + 3000 * "y" + "\nresults = a.txt\n", "a.txt"),
        ("results = a.txt\n\n\n#" + 60000 * "z" + "\n", "a.txt"),
    ],
)
def test_both_readers_take_the_same(reader, tmp_path, text, value):
    file = tmp_path / "rf-cam.conf"
    # Before the rest, for a byte-order mark is the file's first; and the other way round.
    for content in (text + ("" if text.endswith("\n") else "\n") + REST, REST + text) if text[0] != "\ufeff" else (text + REST,):
        file.write_bytes(content.encode())
        assert by_init(reader, file) == value
        assert by_program(file) == value
        if value:
            (tmp_path / value).unlink()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\ufeffaddress = 10.0.0.2/24\n", "10.0.0.2/24"),
        ("address = 1.2.3.4/8\naddress = 5.6.7.8/16\n", "5.6.7.8/16"),
        ("addresses = 1.2.3.4/8\n", None),
        ("address\n", None),
        ("address = a\0b\n", None),
        ("my address = 1.2.3.4/8\n", None),
        ("address =\n", ""),
        ("", None),
        ("address = " + 63 * "1", 63 * "1"),
        ("address = " + 64 * "1", None),
        ("address = 1.2.3.4/8\n" + 70000 * "#", None),
    ],
)
def test_init_takes_its_own_names(reader, tmp_path, text, value):
    file = tmp_path / "rf-cam.conf"
    file.write_bytes(text.encode())
    assert by_init(reader, file, "address") == value
