"""The examples, built in an empty directory against an installed copy, give rf-cam's faces."""

import shutil
import subprocess

import pytest

from conftest import ROOT, STRICT, run

EXAMPLES = ROOT / "Examples/c"


@pytest.fixture
def empty(tmp_path):
    """A directory that holds nothing but the examples."""
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder)
    return folder


@pytest.fixture(scope="session")
def expected(rf_cam, pictures) -> str:
    lines = run(rf_cam, "--size", "640x480", *pictures)
    assert lines.count("\n") > 20
    return lines


@pytest.mark.parametrize("compiler", [["gcc", *STRICT], ["gcc", "-std=gnu2x", "-Wall", "-Werror"], ["clang", *STRICT]], ids=" ".join)
def test_detect_finds_the_faces_of_rf_cam(installed, empty, pictures, expected, compiler):
    run(*compiler, "detect.c", "-o", "detect", *installed.flags(), cwd=empty)
    assert run(empty / "detect", *pictures, env=installed.environment) == expected


def test_static_programs_need_no_library(installed, empty, pictures, expected):
    run("gcc", "detect.c", "-o", "detect", "-static", *installed.flags("--static"), cwd=empty)
    assert run(empty / "detect", *pictures, env={}) == expected
    run("gcc", "detect.c", "-o", "detect", f"-I{installed.prefix}/include", installed.archive, cwd=empty)
    assert run(empty / "detect", *pictures, env={}) == expected
    assert (empty / "detect").stat().st_size < 1_900_000


def test_detect_reports_files_that_it_cannot_read(installed, empty):
    run("gcc", "detect.c", "-o", "detect", *installed.flags(), cwd=empty)
    (empty / "cut.ppm").write_bytes(b"P6 640 480 255\n123")
    for name in ["cut.ppm", "missing.ppm", "detect.c"]:
        assert run("./detect", name, status=1, cwd=empty, env=installed.environment) == ""


def test_arena_tracks_the_faces_of_rf_cam(installed, empty, pictures, rf_cam):
    from PIL import Image

    with Image.open(next(path for path in pictures if path.stem == "group")) as opened:
        luma, cb, cr = opened.convert("YCbCr").resize((640, 480)).split()
    chroma = bytearray(640 * 240)
    chroma[0::2], chroma[1::2] = cb.resize((320, 240)).tobytes(), cr.resize((320, 240)).tobytes()
    frames = (luma.tobytes() + chroma) * 3
    run("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "arena.c", "-o", "arena", *installed.flags(), cwd=empty)
    found = subprocess.run([empty / "arena"], input=frames, capture_output=True, check=True, env=installed.environment)
    command = [rf_cam, "--smooth", "--raw", "nv12:640x480", "-"]
    lines = subprocess.run(command, input=frames, capture_output=True, check=True).stdout.decode().splitlines()
    words = [line.split() for line in lines]
    count = len(words) // 3
    assert count >= 5
    expected = [f"{index // count} {word[-1].removeprefix('id=')} {' '.join(word[1:6])}" for index, word in enumerate(words)]
    assert found.stdout.decode().splitlines() == expected


@pytest.mark.skipif(not shutil.which("cmake"), reason="left out: no cmake (apt-get install cmake)")
def test_cmake_finds_the_package(installed, empty, pictures, expected):
    run("cmake", "-S", ".", "-B", "build", cwd=empty, env=installed.environment)
    run("cmake", "--build", "build", cwd=empty, env=installed.environment)
    # CMake stores the library's folder in the program.
    assert run(empty / "build/detect", *pictures, env={}) == expected
    assert "libretinaface" not in run("readelf", "--dynamic", empty / "build/arena")


@pytest.mark.skipif(not shutil.which("cmake"), reason="left out: no cmake (apt-get install cmake)")
@pytest.mark.parametrize(("wanted", "is_found"), [("", True), ("0.1", True), ("0.1.0", True), ("0.2", False), ("1.0", False)])
def test_cmake_compares_versions(installed, tmp_path, wanted, is_found):
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.16)\nproject(x C)\nfind_package(retinaface {wanted} QUIET)\n"
        "if(retinaface_FOUND)\n  file(WRITE found yes)\nendif()\n"
    )
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", cwd=tmp_path, env=installed.environment)
    assert (tmp_path / "found").exists() == is_found


@pytest.mark.skipif(
    subprocess.run(["pkg-config", "--exists", "opencv4"], check=False).returncode != 0,
    reason="left out: no OpenCV (apt-get install libopencv-dev)",
)
def test_opencv_finds_the_same_faces(installed, empty, pictures, expected):
    flags = run("pkg-config", "--cflags", "--libs", "opencv4").split()
    run("g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "opencv.cpp", "-o", "opencv", *installed.flags(), *flags, cwd=empty)
    for picture in pictures:
        lines = [line.split() for line in expected.splitlines() if line.startswith(f"{picture} ")]
        found = run(empty / "opencv", picture, empty / "out.png", env=installed.environment)
        assert found.splitlines() == [" ".join(words[1:6]) for words in lines]
        assert (empty / "out.png").stat().st_size > 1000
