"""The installed library, compilers and pictures for the tests."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDER = Path(__file__).parent
STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]


def run(*command, status: int = 0, **options) -> str:
    """Runs a command; fails with its output if the exit status differs. Returns standard output."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", **options)
    assert done.returncode == status, f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-5000:]}"
    return done.stdout


class Installed:
    """An installed copy of the library."""

    def __init__(self, prefix: Path):
        self.prefix = prefix
        self.lib = prefix / "lib"
        self.shared = self.lib / "libretinaface.so.0"
        self.archive = self.lib / "libretinaface.a"
        # Programs find the shared library, pkg-config and CMake the packages.
        self.environment = os.environ | {
            "LD_LIBRARY_PATH": str(self.lib),
            "PKG_CONFIG_PATH": str(self.lib / "pkgconfig"),
            "CMAKE_PREFIX_PATH": str(prefix),
        }

    def flags(self, *options: str) -> list[str]:
        return run("pkg-config", "--cflags", "--libs", *options, "retinaface", env=self.environment).split()


@pytest.fixture(scope="session")
def installed(tmp_path_factory) -> Installed:
    built = ROOT / "build/lib/libretinaface.so.0"
    assert built.exists(), f"{built} is missing: run make lib"
    # A name with a space would be cut by pkg-config's output; tests of names are in Tests/Scripts.
    prefix = tmp_path_factory.mktemp("prefix")
    run(ROOT / "Packaging/install-library.sh", env=os.environ | {"PREFIX": str(prefix), "DESTDIR": "", "LIBDIR": ""})
    return Installed(prefix)


@pytest.fixture(scope="session")
def rf_cam() -> Path:
    path = Path(os.environ.get("RF_CAM", ROOT / "build/rf-cam"))
    assert path.exists(), f"{path} is missing: run make build, or name it in RF_CAM"
    return path


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> list[Path]:
    """PPM files: the pictures of the fixtures, of several sizes, and parts of them of odd sizes."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    for path in sorted((ROOT / "Tests/Fixtures/pictures").glob("*.jpg")):
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        picture.save(folder / f"{path.stem}.ppm")
        picture.crop((0, 0, picture.width * 2 // 3 | 1, picture.height * 3 // 4 | 1)).save(folder / f"{path.stem}-part.ppm")
    return sorted(folder.glob("*.ppm"))
