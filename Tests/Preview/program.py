"""rf-cam on a looped film, with a live page: what the tests here start and measure.

The film comes from a process of its own, paced like a camera, and results carry the program's own times: what these tests
themselves cost does not count.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def program() -> Path:
    """The program under test: RF_CAM, or build/rf-cam."""
    return Path(os.environ.get("RF_CAM", ROOT / "build" / "rf-cam"))


class RunningCamera:
    """The program, a film that is piped into it, and a thread that reads the results."""

    def __init__(self, *options: str, rate: float = 15, size: str = "320x240"):
        film = [sys.executable, Path(__file__).parent / "film.py", "--rate", str(rate), "--size", size]
        self.film_rate = rate
        self.film = subprocess.Popen(film, stdout=subprocess.PIPE)
        self.process = subprocess.Popen(
            [program(), "--preview", "127.0.0.1:0", "--format", "json", *options, "-"],
            stdin=self.film.stdout,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.film.stdout.close()
        line = self.process.stderr.readline().decode()
        assert line.startswith("preview at http://127.0.0.1:"), line
        self.url = line.split()[-1]
        self.port = int(self.url.rstrip("/").rsplit(":", 1)[1])
        self.lines: list[dict] = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.wait_for_frames(3)

    def read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def wait_for_frames(self, count: int, seconds: float = 120) -> None:
        """Until so many more results have come."""
        wanted, deadline = len(self.lines) + count, time.monotonic() + seconds
        while len(self.lines) < wanted:
            assert self.process.poll() is None, self.process.stderr.read().decode()
            assert time.monotonic() < deadline, "the program gives no results"
            time.sleep(0.02)

    def rate(self, seconds: float) -> float:
        """Measures results per second from now on, by the program's clock."""
        first = len(self.lines)
        time.sleep(seconds)
        times = [line["timestamp_s"] for line in self.lines[first:]]
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads_count(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def memory(self) -> int:
        """Bytes that are the process's own (RssAnon in proc(5))."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("RssAnon")).split()[1]) << 10

    def stop(self) -> tuple[int, float]:
        """Ctrl-C; the exit status, and the seconds that it took."""
        start = time.monotonic()
        self.process.send_signal(2)
        status = self.process.wait(timeout=90)
        taken = time.monotonic() - start
        self.errors = self.process.stderr.read().decode()
        self.close()
        return status, taken

    def close(self) -> None:
        for process in (self.process, self.film):
            if process.poll() is None:
                process.kill()
            process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
