#!/usr/bin/env python3
"""Checks the defences in a program's headers; prints those that are missing and then exits with 1.

Demanded: a position-independent program (its addresses differ from run to run), tables of functions that are read-only once it
has started (RELRO, BIND_NOW), no memory that is writable and executable, no library path of its own (RPATH, RUNPATH), and the C
library's checks of buffer sizes (_FORTIFY_SOURCE) where the program is dynamic and so names them.

Usage: hardening.py [--fixed-addresses] PROGRAM...   With the option, what needs PIE is not demanded: for 32-bit ARM, whose C
library in Debian 12 cannot start a static program that is position-independent (it has no rcrt1.o). Sources:
ld(1), "-z"; feature_test_macros(7).
"""

import re
import subprocess
import sys
from pathlib import Path


def headers(program: Path) -> str:
    command = ["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def segments(text: str) -> list[tuple[str, str]]:
    """Type and rights of each, such as ("LOAD", "R E")."""
    return [(name, rights) for name, rights in re.findall(r"^  ([A-Z_]+) +(?:0x[0-9a-f]+ +){5}([R ][W ][E ])", text, re.M)]


def faults(program: Path) -> list[str]:
    text = headers(program)
    parts = segments(text)
    rights = dict(parts)
    flags = " ".join(re.findall(r"\((?:FLAGS|FLAGS_1)\) +(.*)$", text, re.M)).split()
    found = {
        "has fixed addresses (no PIE)": not re.search(r"^  Type: +DYN", text, re.M) or "PIE" not in flags,
        "has no RELRO": "GNU_RELRO" not in rights,
        "resolves functions late (no BIND_NOW)": "NOW" not in flags and "BIND_NOW" not in flags,
        "has a library path of its own (RPATH or RUNPATH)": bool(re.search(r"\((RPATH|RUNPATH)\)", text)),
        "has an executable stack": "E" in rights.get("GNU_STACK", "E"),
        "has memory that is writable and executable": any("W" in r and "E" in r for name, r in parts if name == "LOAD"),
        "changes its own code at the start (TEXTREL)": "(TEXTREL)" in text,
        "has no checks of buffer sizes (_FORTIFY_SOURCE)": "INTERP" in rights and not re.search(r" __\w+_chk@", text),
    }
    return [fault for fault, is_found in found.items() if is_found]


NEED_PIE = {"has fixed addresses (no PIE)", "resolves functions late (no BIND_NOW)"}


def main() -> int:
    status, programs = 0, sys.argv[1:]
    tolerated = NEED_PIE if programs[:1] == ["--fixed-addresses"] else set()
    for program in programs[bool(tolerated) :]:
        missing = [fault for fault in faults(Path(program)) if fault not in tolerated]
        for fault in missing:
            print(f"hardening: {program}: {fault}", file=sys.stderr)
        status |= bool(missing)
    return status


if __name__ == "__main__":
    sys.exit(main())
