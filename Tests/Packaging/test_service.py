"""Checks the messages to a service manager with a socket in place of systemd's, and the unit with systemd's own check."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


class Manager:
    """A service manager's socket, and a service that reports to it."""

    def __init__(self, name: str, program: Path, *words: str, watchdog_seconds: float | None = None, **more):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        environment = dict(os.environ, NOTIFY_SOCKET=name)
        if watchdog_seconds:
            environment["WATCHDOG_USEC"] = str(round(watchdog_seconds * 1e6))
        environment.update(more)
        self.process = subprocess.Popen([program, *words], env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def message(self, seconds: float = 60) -> str | None:
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.socket.close()


PATTERN = ["--format", "none", "pattern:64x64"]


@pytest.mark.parametrize("name", ["{}/notify", "@rf-cam-test-{}"])
def test_ready_comes_first_and_stopping_last(program, tmp_path, name):
    with Manager(name.format(tmp_path if name[0] == "{" else os.getpid()), program, *PATTERN) as manager:
        assert manager.message() == "READY=1"
        assert manager.message(0.5) is None  # no reports without WATCHDOG_USEC
        manager.process.terminate()
        assert manager.message() == "STOPPING=1"
        assert manager.process.wait(60) == 0


def test_it_is_ready_once_a_frame_is_done(program, tmp_path):
    with Manager(f"{tmp_path}/notify", program, "--format", "none", "-", watchdog_seconds=1) as manager:
        assert manager.message() == "WATCHDOG=1"  # waits, and is alive
        assert manager.message(0.2) != "READY=1"
        manager.process.stdin.write((ROOT / "Tests/Fixtures/pictures/astronaut.jpg").read_bytes())
        manager.process.stdin.flush()
        messages = [manager.message() for _ in range(4)]
        assert messages.count("READY=1") == 1


@pytest.mark.parametrize("words", [PATTERN, ["--format", "none", "-"]])
def test_signs_of_life_come_within_the_watchdogs_time(program, tmp_path, words):
    with Manager(f"{tmp_path}/notify", program, *words, watchdog_seconds=2) as manager:
        times = []
        while len(times) < 4:
            if manager.message() == "WATCHDOG=1":
                times.append(time.monotonic())
        gaps = [b - a for a, b in zip(times, times[1:], strict=False)]
        # Some are on time, however busy the machine is; none comes twice as often as needed.
        assert min(gaps) < 2 and min(gaps) > 0.5, gaps


def test_another_process_watchdog_is_none_of_ours(program, tmp_path):
    with Manager(f"{tmp_path}/notify", program, *PATTERN, watchdog_seconds=0.2, WATCHDOG_PID="1") as manager:
        assert manager.message() == "READY=1"
        assert manager.message(1) is None


@pytest.mark.parametrize("name", ["", "@", "/", "/missing/socket", "relative", "vsock:2:1234", "/" + 300 * "a"])
def test_a_socket_that_is_none_does_no_harm(program, name):
    outcome = subprocess.run(
        [program, "--frames", "2", *PATTERN], env=dict(os.environ, NOTIFY_SOCKET=name), capture_output=True, timeout=60
    )
    assert outcome.returncode == 0 and outcome.stderr == b""


@pytest.mark.parametrize("name", ["rf-cam.service", "rf-cam@.service"])
def test_the_service_is_not_restarted_after_an_invalid_command_line(name):
    assert "\nRestartPreventExitStatus=2\n" in (ROOT / "Packaging" / name).read_text()


def test_the_service_per_camera_differs_in_its_settings_and_folder_only():
    def settings(name):
        lines = (ROOT / "Packaging" / name).read_text().splitlines()
        own = ("Description=", "EnvironmentFile=", "ExecStart=", "StateDirectory=", "WorkingDirectory=")
        return [line for line in lines if not line.startswith(("#", *own))]

    assert settings("rf-cam.service") == settings("rf-cam@.service")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd-analyze")
@pytest.mark.parametrize("name", ["rf-cam.service", "rf-cam@.service"])
def test_systemd_takes_the_unit(program, tmp_path, name):
    unit = tmp_path / name.replace("@", "@door")
    # systemd also looks up the program and the manual page.
    text = (ROOT / "Packaging" / name).read_text().replace("/usr/bin/rf-cam", str(program.resolve()))
    unit.write_text("".join(line for line in text.splitlines(True) if not line.startswith("Documentation")))
    outcome = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    told = [line for line in outcome.stderr.splitlines() if "rf-cam" in line]
    assert told == [], outcome.stderr
