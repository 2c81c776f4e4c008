"""The interface of the files: functions, layout, what they need, languages."""

import re
import sys

import pytest

from conftest import FOLDER, ROOT, STRICT, run

sys.path.insert(0, str(ROOT / "Tests/Packaging"))
from hardening import faults

# Functions of version 0. Later versions add functions; these stay.
FUNCTIONS = {
    f"retinaface_{name}"
    for name in [
        "align",
        "arena_size",
        "detect",
        "detector_create",
        "detector_destroy",
        "isa",
        "options_default",
        "status_text",
        "track",
        "tracker_create",
        "tracker_destroy",
        "version",
    ]
}
# Needs only the C library, in the version of 2012 (manylinux2014) or older.
NEWEST_GLIBC = (2, 17)
NEEDED = {"libc.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2"}


def symbols(*command) -> set[str]:
    return {line.split()[-1] for line in run(*command).splitlines() if len(line.split()) > 1}


def test_only_the_functions_of_the_header_are_visible(installed):
    assert symbols("nm", "--dynamic", "--defined-only", installed.shared) == FUNCTIONS
    assert symbols("nm", "--extern-only", "--defined-only", installed.archive) == FUNCTIONS
    header = (installed.prefix / "include/retinaface.h").read_text()
    assert set(re.findall(r"\b(retinaface_\w+)\(", header)) == FUNCTIONS


def test_old_c_libraries_suffice(installed):
    versions = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([\d.]+)", run("readelf", "-V", installed.shared))}
    assert versions and max(versions) <= NEWEST_GLIBC
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--dynamic", installed.shared)))
    assert "libc.so.6" in needed and needed <= NEEDED
    assert "[libretinaface.so.0]" in run("readelf", "--dynamic", installed.shared)


def test_the_shared_library_has_the_defences_of_the_programs(installed):
    # A library has no start of its own.
    assert [fault for fault in faults(installed.shared) if "PIE" not in fault] == []


def test_the_structures_keep_their_layout(installed, tmp_path):
    run("gcc", "-std=c11", FOLDER / "layout.c", "-o", tmp_path / "layout", *installed.flags())


@pytest.mark.parametrize(
    "compiler", [["gcc", *STRICT], ["clang", *STRICT, "-Weverything"], ["g++", "-x", "c++", "-std=c++11", *STRICT[1:]]], ids=" ".join
)
def test_the_header_is_strict_c_and_cpp(installed, tmp_path, compiler):
    source = tmp_path / "source.c"
    source.write_text("#include <retinaface.h>\nint main(void) { return retinaface_status_text(0) == 0; }\n")
    run(*compiler, source, "-o", tmp_path / "program", *installed.flags())
    run(tmp_path / "program", env=installed.environment)


def test_all_places_state_the_version_of_rf_cam(installed, rf_cam):
    version = run(rf_cam, "--version").split()[1]
    assert f'#define RETINAFACE_VERSION "{version}"' in (installed.prefix / "include/retinaface.h").read_text()
    assert run("pkg-config", "--modversion", "retinaface", env=installed.environment).strip() == version
    assert f'"{version}"' in (installed.lib / "cmake/retinaface/retinafaceConfigVersion.cmake").read_text()


def test_the_files_are_small(installed):
    assert installed.shared.stat().st_size < 1_700_000
    assert installed.archive.stat().st_size < 2_200_000


def test_folders_of_a_distribution(installed, tmp_path):
    environment = {"PREFIX": "/usr", "LIBDIR": "/usr/lib/x86_64-linux-gnu", "DESTDIR": str(tmp_path / "my folder"), "PATH": "/usr/bin:/bin"}
    run(ROOT / "Packaging/install-library.sh", env=environment)
    files = {str(path.relative_to(tmp_path / "my folder")) for path in (tmp_path / "my folder").rglob("*") if not path.is_dir()}
    lib = "usr/lib/x86_64-linux-gnu"
    names = ["libretinaface.a", "libretinaface.so", "libretinaface.so.0", "pkgconfig/retinaface.pc"]
    names += ["cmake/retinaface/retinafaceConfig.cmake", "cmake/retinaface/retinafaceConfigVersion.cmake"]
    assert files == {"usr/include/retinaface.h", *(f"{lib}/{name}" for name in names)}
    assert str(tmp_path) not in (tmp_path / "my folder" / lib / "pkgconfig/retinaface.pc").read_text()
    for wrong in [{"PREFIX": "relative"}, {"PREFIX": "/usr", "LIBDIR": "/lib"}]:
        run(ROOT / "Packaging/install-library.sh", status=2, env=environment | wrong)
