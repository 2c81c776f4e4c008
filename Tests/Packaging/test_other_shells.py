"""The completion for zsh and fish: what they offer for the rf-cam on PATH. Left out where a shell is missing."""

import os
import pty
import select
import shutil
import subprocess
import time

import pytest

from conftest import ROOT
from options import options


@pytest.fixture
def path(program, tmp_path):
    """A PATH whose first folder has rf-cam, and a folder with files of difficult names."""
    (tmp_path / "bin").mkdir()
    os.symlink(program.resolve(), tmp_path / "bin/rf-cam")
    work = tmp_path / "work"
    (work / "out folder").mkdir(parents=True)
    for name in ("a b.rfm", "a$(touch PWNED)b.rfm", "a`touch PWNED`.rfm"):
        (work / name).touch()
    return f"{tmp_path / 'bin'}:{os.environ['PATH']}", work


def fish(path, words: str) -> list[str]:
    """Returns what fish offers for a line."""
    places, work = path
    script = f"source {ROOT / 'Packaging/rf-cam.fish'}; complete -C{words!r}"
    outcome = subprocess.run(
        ["fish", "--no-config", "-c", script], cwd=work, env={**os.environ, "PATH": places}, capture_output=True, text=True, timeout=60
    )
    assert outcome.stderr == "", outcome.stderr
    return [line.split("\t")[0] for line in outcome.stdout.splitlines()]


@pytest.mark.skipif(not shutil.which("fish"), reason="this machine has no fish")
def test_fish_offers_options_and_values(program, path):
    known = {name for name in options(program) if name.startswith("--")}
    assert known <= set(fish(path, "rf-cam --"))
    assert set(fish(path, "rf-cam --anonymise ")) == {"blur", "mosaic", "solid"}
    assert fish(path, "rf-cam --raw yuy") == ["yuyv:"]
    assert fish(path, "rf-cam --output out") == ["out\\ folder/"] or fish(path, "rf-cam --output out") == ["out folder/"]
    assert len(fish(path, "rf-cam --model a")) == 3
    assert not (path[1] / "PWNED").exists()


def zsh(path, keys: str, seconds: float = 60) -> str:
    """Types keys into an interactive zsh; returns the line that it runs then, which it prints."""
    places, work = path
    shutil.copy(ROOT / "Packaging/rf-cam.zsh", work / "_rf-cam")
    setup = "fpath=($PWD $fpath); autoload -U compinit; compinit -u -d ./dump; unsetopt list_ambiguous auto_list beep; PS1='%% '"
    ours, theirs = pty.openpty()
    environment = {"PATH": places, "HOME": str(work), "TERM": "dumb", "ZDOTDIR": str(work)}
    process = subprocess.Popen(
        ["zsh", "-f", "-i"], cwd=work, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = b""

    def wait_for(text: bytes) -> None:
        nonlocal shown
        deadline = time.monotonic() + seconds
        while text not in shown and time.monotonic() < deadline:
            if select.select([ours], [], [], 0.2)[0]:
                shown += os.read(ours, 4096)
        assert text in shown, shown

    try:
        os.write(ours, f"{setup}; rf-cam() {{ printf '<%s>' \"$@\"; print -r -- '' END; }}; print READY''NOW\n".encode())
        wait_for(b"READYNOW")
        shown = b""
        os.write(ours, keys.encode())
        time.sleep(2)
        os.write(ours, b"\n")
        wait_for(b" END\r\n")
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    line = next(part for part in shown.decode().splitlines() if part.endswith(" END"))
    return line[line.index("<") : -4]


@pytest.mark.skipif(not shutil.which("zsh"), reason="this machine has no zsh")
def test_zsh_completes_options_values_and_names(path):
    assert zsh(path, "rf-cam --anon\t mos\t") == "<--anonymise><mosaic>"
    assert zsh(path, "rf-cam --raw yuy\t") == "<--raw><yuyv:>"
    assert zsh(path, "rf-cam --output out\t") == "<--output><out folder>"
    assert zsh(path, "rf-cam --model a\\ \t") == "<--model><a b.rfm>"
    assert not (path[1] / "PWNED").exists()
