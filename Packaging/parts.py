#!/usr/bin/env python3
"""Reads from a linker's map which Debian packages a program contains parts of.

Usage: parts.py MAP SYSROOT   prints one name of a package per line. SYSROOT: what Toolchains/sysroot.sh made; its versions.txt has
versions and checksums. A file of the sysroot that no entry of FILES matches is an error: its licence is not known.
"""

import re
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

# Names of linked files, their Debian package, and its licence as an SPDX expression (usr/share/doc/PACKAGE/copyright).
GLIBC = ("libc6-dev", "LGPL-2.1-or-later")
GCC = ("libgcc-12-dev", "GPL-3.0-or-later WITH GCC-exception-3.1")
FILES = {
    "libjpeg.a": ("libjpeg62-turbo-dev", "IJG AND BSD-3-Clause AND Zlib"),
    "libpng16.a": ("libpng-dev", "libpng-2.0"),
    "libz.a": ("zlib1g-dev", "Zlib"),
    "libc.a": GLIBC,
    "libc_nonshared.a": GLIBC,
    "libm*.a": GLIBC,
    "*crt[1in].o": GLIBC,
    "libgcc*.a": GCC,
    "crtbegin*.o": GCC,
    "crtend*.o": GCC,
}


class Part(NamedTuple):
    """A Debian package, files of which are in a program."""

    package: str
    version: str
    sha256: str
    licence: str


def linked_files(linker_map: Path, sysroot: Path) -> set[str]:
    """Returns the names of the sysroot's archives and objects of which a section is in the program."""
    folder = re.escape(str(sysroot.resolve()))
    inputs = re.findall(rf" {folder}/(\S*?\.[ao])(?=\(|:\()", linker_map.read_text(errors="replace"))
    return {name.rpartition("/")[2] for name in inputs}


def parts(linker_map: Path, sysroot: Path) -> list[Part]:
    """Returns the packages, sorted by name. Raises ValueError for a file without an entry, KeyError for a package without version."""
    lines = (sysroot / "versions.txt").read_text().splitlines()
    versions = {name: (version, sha256) for name, version, sha256 in map(str.split, lines)}
    found = {}
    for name in linked_files(linker_map, sysroot):
        entry = next((entry for pattern, entry in FILES.items() if fnmatch(name, pattern)), None)
        if entry is None:
            raise ValueError(f"{linker_map}: {name} is linked in, and its package and licence are not known: add it to {__file__}")
        found[entry[0]] = Part(entry[0], *versions[entry[0]], entry[1])
    return [found[name] for name in sorted(found)]


if __name__ == "__main__":
    for part in parts(Path(sys.argv[1]), Path(sys.argv[2])):
        print(part.package)
