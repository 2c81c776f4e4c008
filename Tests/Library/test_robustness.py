"""Hostile callers, exhausted memory, threads, a million calls. Each is a C program that checks the results itself."""

import os

import pytest

from conftest import FOLDER, ROOT, run

WARNINGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-O1"]
FORMATS = 11
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


def build(installed, tmp_path, name, *options):
    program = tmp_path / name
    run("gcc", *WARNINGS, *options, FOLDER / f"{name}.c", "-o", program, f"-I{installed.prefix}/include", installed.archive)
    return program


def test_a_hostile_caller_gets_errors(installed, tmp_path):
    program = build(installed, tmp_path, "hostile", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    for model in ["default.rfm", "default-float32.rfm"]:
        assert ", 0 failures" in run(program, ROOT / "Models" / model, FORMATS, env=os.environ | SANITIZERS)


def test_exhausted_memory_is_an_error_and_calls_allocate_nothing(installed, tmp_path):
    """At each allocation of a creation; then 10^6 calls, half to a detector and half to a tracker, without use of the allocator."""
    run(build(installed, tmp_path, "memory"), 1, 500_000)


def test_threads_are_independent(installed, tmp_path):
    program = build(installed, tmp_path, "threads")
    for _ in range(5):
        assert "the same faces" in run(program)


@pytest.mark.parametrize("name", ["hostile", "memory"])
def test_the_checks_find_faults(installed, tmp_path, name):
    """With a library in which one function does the opposite, the programs fail."""
    wrong = tmp_path / "wrong.c"
    wrong.write_text(
        "#include <retinaface.h>\n#include <stdlib.h>\n"
        "int32_t retinaface_track(retinaface_tracker *t, double s, const retinaface_face *f, int32_t n, const retinaface_face **o)\n"
        "{ (void)t; (void)s; if (o) *o = f; free(malloc(8)); void *m; if (posix_memalign(&m, 16, 16)) return -1; return n; }\n"
    )
    # The archive's definition gives way to this one.
    program = tmp_path / name
    weak = tmp_path / "weak.a"
    run("objcopy", "--weaken-symbol=retinaface_track", installed.archive, weak)
    run("gcc", *WARNINGS, wrong, FOLDER / f"{name}.c", "-o", program, f"-I{installed.prefix}/include", weak)
    run(program, *{"hostile": [ROOT / "Models/default.rfm", 1], "memory": [100, 100]}[name], status=1)
