"""The defences of the programs for this machine, and that their check finds a program without. ARM's are checked by
Tests/ARM/cross.sh, those in images by Tests/Boards."""

import subprocess
from pathlib import Path

import pytest

from hardening import faults

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", ["rf-cam", "rf-pack", "rf-bench"])
def test_programs_have_all_defences(program, name):
    built = program.parent / name
    assert built.exists(), f"{built} is missing: make build"
    assert faults(built) == []


def test_the_packages_program_has_all_defences(tmp_path):
    packages = sorted((ROOT / "build").glob("rf-cam_*_*.deb"))
    if not packages:
        pytest.skip("no package was made (make deb)")
    for package in packages:
        folder = tmp_path / package.stem
        subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
        assert faults(folder / "usr/bin/rf-cam") == []


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["-no-pie"], "no PIE"),
        (["-Wl,-z,norelro"], "no RELRO"),
        (["-Wl,-z,lazy"], "no BIND_NOW"),
        (["-Wl,-rpath,$ORIGIN"], "RUNPATH"),
        (["-Wl,-rpath,$ORIGIN,--disable-new-dtags"], "RPATH"),
        (["-Wl,-z,execstack"], "executable stack"),
        (["-U_FORTIFY_SOURCE"], "_FORTIFY_SOURCE"),
        ([], None),
    ],
)
def test_a_missing_defence_is_found(tmp_path, flags, fault):
    source, built = tmp_path / "program.c", tmp_path / "program"
    source.write_text("#include <string.h>\nchar to[9];\nint main(int n, char **a) { memcpy(to, a[0], (size_t)n); return 0; }\n")
    subprocess.run(
        ["clang", "-O2", "-D_FORTIFY_SOURCE=2", "-pie", "-Wl,-z,now", "-Wl,-z,relro", *flags, source, "-o", built],
        check=True,
        capture_output=True,
    )
    found = faults(built)
    assert len(found) == (fault is not None) and all(fault in text for text in found), found
