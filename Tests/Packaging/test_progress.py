"""The progress line on a terminal: what a person sees during a long run, and that nothing remains of it."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from conftest import ROOT

PICTURE = ROOT / "Tests/Fixtures/pictures/group.jpg"


def on_terminal(words: list[str], seconds: float = 120) -> tuple[int, str]:
    """Runs a program with a terminal as standard error; returns its exit status and all that the terminal got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    return process.wait(10), shown.decode()


@pytest.fixture
def album(tmp_path):
    for number in range(16):
        shutil.copy(PICTURE, tmp_path / f"{number:02}.jpg")
    (tmp_path / "12.jpg").write_bytes(b"no picture")
    (tmp_path / "13.jpg").write_bytes(PICTURE.read_bytes()[:9000])
    return tmp_path


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_shows_files_done_and_time_left(program, album, jobs):
    status, shown = on_terminal([program, "--isa", "sse41", "--size", "1600", "--jobs", jobs, album, PICTURE])
    found = re.findall(r"\r\x1b\[K(\d+) of (\d+)(?:, (\d+) (?:s|min) left)?, \d+ faces", shown)
    assert status == 1 and len(found) > 1
    done = [int(item[0]) for item in found]
    assert done == sorted(done) and done[-1] <= 17
    # The folder's files, and the picture beside it.
    assert {item[1] for item in found} == {"17"}
    left = [int(item[2]) for item in found if item[2]]
    assert left and left[-1] < 60
    # The message has a line of its own, and nothing remains of the progress.
    assert re.search(r"(?:^|\r\x1b\[K|\n)rf-cam: [^\r]*13.jpg: is ", shown)
    assert shown.endswith(("\r\x1b[K", "\r\n"))


def test_a_stream_shows_frames(program):
    _, shown = on_terminal([program, "--frames", "300", "pattern:640x480"])
    assert re.search(r"\r\x1b\[K\d+ frames, \d+ faces", shown) and " of " not in shown


def test_quiet_runs_and_files_show_nothing(program, album):
    status, shown = on_terminal([program, "--quiet", "--size", "1600", PICTURE, PICTURE])
    assert status == 0 and shown == ""
    outcome = subprocess.run([program, album], capture_output=True, text=True, timeout=120)
    assert " of 16" not in outcome.stderr and "\x1b" not in outcome.stderr
