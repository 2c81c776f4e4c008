"""Detects faces in picture files with the program rf-cam of the package."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ._errors import Error
from ._faces import Faces

Name = str | bytes | os.PathLike[str]


@dataclass(frozen=True)
class FileResult:
    """The faces of a picture file.

    Attributes:
        path: the name as given, bytes that are not UTF-8 as `os.fsdecode` gives them.
        faces: the faces; none if the file could not be read. Coordinates are rounded to 0.01 pixels, scores to 0.00001.
        error: why the file could not be read; None if it was.
        width, height: size of the upright picture, pixels; 0 if it could not be read.
        frame: index of the picture in the file: 0, or more for recorded streams.
    """

    path: str
    faces: Faces
    error: str | None = None
    width: int = 0
    height: int = 0
    frame: int = 0


def detect_files(
    paths: Iterable[Name],
    jobs: int = 1,
    size: str | int | tuple[int, int] | None = None,
    threshold: float = 0.5,
    program: Name | None = None,
) -> Iterator[FileResult]:
    """Yields the faces of picture files, in the order of their names.

    The files are read and processed by the program rf-cam in another process, so that neither the interpreter's lock nor Python's memory
    limits it. Names are consumed while results are yielded. To stop early, close the iterator or leave the loop.

    Args:
        paths: names of files; JPEG, PNG, WebP and PNM. A folder stands for its pictures.
        jobs: pictures processed side by side, 1 to 64.
        size: as for `Detector`.
        threshold: minimum score of a face, 0 to 1.
        program: another rf-cam. None: the one of the package.

    Raises:
        ValueError: an argument is out of range, or a name contains a zero byte.
        Error: the program cannot be started, or ended early.
    """
    words = [os.fsdecode(program) if program is not None else _program(), "--format", "json", "--files-from", "-", "--null"]
    words += ["--jobs", str(int(jobs)), "--threshold", repr(float(threshold)), "--quiet"]
    if size is not None:
        words += ["--size", f"{size[0]}x{size[1]}" if isinstance(size, (tuple, list)) else str(size)]
    return _run(words, paths)


def _program() -> str:
    """Returns the path of the program that pip installed with the package."""
    candidates = [Path(sysconfig.get_path("scripts")) / "rf-cam", Path(sys.executable).parent / "rf-cam", Path(__file__).parent / "rf-cam"]
    for scheme in ("posix_user", "posix_local"):
        if scheme in sysconfig.get_scheme_names():
            candidates.append(Path(sysconfig.get_path("scripts", scheme)) / "rf-cam")
    # `pip install --target` places scripts in bin/ of that folder.
    candidates.append(Path(__file__).parent.parent / "bin" / "rf-cam")
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return str(candidate)
    raise Error(f"the program rf-cam was not found in {', '.join(str(c.parent) for c in candidates)}; name it with program=")


def _run(words: list[str], paths: Iterable[Name]) -> Iterator[FileResult]:
    try:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise Error(f"{words[0]}: cannot be started ({error.strerror})") from error
    assert process.stdin and process.stdout and process.stderr
    writer = _Writer(process.stdin, paths)
    messages = _Messages(process.stderr)
    is_complete = False
    try:
        for line in process.stdout:
            yield _result(json.loads(line))
        is_complete = True
    finally:
        if not is_complete:
            process.terminate()
        process.stdout.close()
        status = process.wait()
        writer.join()
        messages.join()
    if writer.failure is not None:
        raise writer.failure
    # 1: a file could not be read, which its result says.
    if status == 2:
        raise ValueError(messages.last or "rf-cam refused its arguments")
    if status not in (0, 1):
        raise Error(f"rf-cam ended with status {status}: {messages.last}")


class _Writer(threading.Thread):
    """Passes the names to the program while its results are read."""

    def __init__(self, stream: IO[bytes], paths: Iterable[Name]):
        super().__init__(daemon=True)
        self.failure: BaseException | None = None
        self._stream, self._paths = stream, paths
        self.start()

    def run(self) -> None:
        try:
            with self._stream:
                for path in self._paths:
                    name = os.fsencode(path)
                    if b"\0" in name or not name:
                        raise ValueError(f"{path!r} is no name of a file")
                    self._stream.write(name + b"\0")
        except BrokenPipeError:
            pass  # the program has ended; its status tells why
        except BaseException as error:  # raised in the caller's thread
            self.failure = error


class _Messages(threading.Thread):
    """Reads the program's messages, so that it never waits, and keeps the last one."""

    def __init__(self, stream: IO[bytes]):
        super().__init__(daemon=True)
        self.last = ""
        self._stream = stream
        self.start()

    def run(self) -> None:
        with self._stream:
            for line in self._stream:
                self.last = line.decode(errors="replace").strip()


def _result(record: dict[str, Any]) -> FileResult:
    name = base64.b64decode(record["source_bytes"]) if "source_bytes" in record else record["source"].encode()
    found = record.get("faces", [])
    faces = Faces(
        np.array([face["score"] for face in found], np.float32),
        np.array([face["box"] for face in found], np.float32).reshape(-1, 4),
        np.array([face["landmarks"] for face in found], np.float32).reshape(-1, 5, 2),
        np.zeros(len(found), np.int64),
    )
    return FileResult(
        os.fsdecode(name), faces, record.get("error"), record.get("width", 0), record.get("height", 0), record.get("frame", 0)
    )
