"""Reads text files that people and other programs write: labels, ground truth, lists, predictions, settings.

Editors write byte-order marks, Windows ends lines with CR LF, and some files are not UTF-8. All readers accept the first two and refuse
the third, with file and line.
"""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path, PurePosixPath


def decode(content: bytes, where: str) -> str:
    """Decodes UTF-8, with or without a byte-order mark. Raises ValueError "WHERE:LINE: ..." for other encodings."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError(f"{where}:1: is UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The decoder counts from the end of the mark.
        mark = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
        line = lines(content[: error.start + mark].decode("latin-1"), keep_end=True)
        raise ValueError(f"{where}:{len(line)}: is not UTF-8 (byte 0x{content[error.start + mark]:02x}): save it as UTF-8") from None


def lines(text: str, keep_end: bool = False) -> list[str]:
    """Splits text at LF, CR LF and CR. `str.splitlines` also splits at characters that names may contain (U+0085, U+2028)."""
    parts = re.split(r"\r\n|\n|\r", text)
    return parts if parts[-1] or keep_end else parts[:-1]


def read_text(path: str | os.PathLike) -> str:
    """Reads a text file. Raises OSError, and ValueError naming file and line."""
    return decode(Path(path).read_bytes(), str(path))


def read_lines(path: str | os.PathLike) -> list[str]:
    """Reads the lines of a text file. Raises as `read_text`."""
    return lines(read_text(path))


def inside(folder: Path, name: str) -> Path:
    """Returns the path of a name in a data file, below its folder. Raises ValueError if the name is empty or leads out of the folder.

    Links inside the folder may lead anywhere: the author of the folder made them.
    """
    if not name or "\0" in name:
        raise ValueError("no picture name" if not name else f"picture name {name!r} has a zero byte")
    if name.startswith("/") or ".." in PurePosixPath(name).parts:
        raise ValueError(f"picture {name} is outside the data folder: name it relative to {folder}")
    return folder / name
