"""The default command line of the arm64 package, under QEMU with Debian's libraries: it is ready, and the live page answers."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LIBRARIES = ROOT / "build/runtime/arm64"
# libmicrohttpd and what it needs.
PACKAGES = (
    "libmicrohttpd12 libgnutls30 libp11-kit0 libffi8 libidn2-0 libunistring2 libtasn1-6 libnettle8 libhogweed6 libgmp10 libc6 libgcc-s1"
).split()

pytestmark = pytest.mark.skipif(not shutil.which("qemu-aarch64"), reason="this machine has no qemu-aarch64")


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    made = sorted((ROOT / "build").glob("rf-cam_*_arm64.deb"))
    if not made:
        pytest.skip("no package was made (make deb ARCHITECTURES=arm64)")
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(["dpkg-deb", "--extract", made[-1], folder], check=True)
    return folder


def default_words(package: Path) -> list[str]:
    """Returns the arguments of the service, with a free port instead of the page's."""
    (line,) = re.findall(r'^RF_CAM_OPTIONS="(.*)"$', (package / "etc/default/rf-cam").read_text(), re.M)
    words = shlex.split(line)
    assert words[words.index("--preview") + 1] == "8080"
    words[words.index("--preview") + 1] = str(free_port())
    return words


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def emulated(package: Path, sysroot: Path, *words: str) -> list:
    return ["qemu-aarch64", "-L", sysroot, package / "usr/bin/rf-cam", *words]


def test_the_default_command_line_is_ready_and_has_its_page(package, tmp_path):
    subprocess.run([ROOT / "Toolchains/fetch.sh", "arm64", LIBRARIES.relative_to(ROOT), *PACKAGES], check=True, timeout=300)
    words = default_words(package)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        environment = dict(os.environ, NOTIFY_SOCKET=str(tmp_path / "notify"))
        service = subprocess.Popen(emulated(package, LIBRARIES, *words), env=environment, stderr=subprocess.PIPE)
        try:
            assert manager.recv(4096) == b"READY=1"
            address = f"http://127.0.0.1:{words[words.index('--preview') + 1]}/"
            with urllib.request.urlopen(address, timeout=60) as page:
                assert page.status == 200 and b"<html" in page.read()
            service.terminate()
            assert service.wait(60) == 0, service.stderr.read()
        finally:
            service.kill()
            service.wait()


def test_without_the_library_of_the_page_the_service_is_not_restarted(package):
    outcome = subprocess.run(
        emulated(package, ROOT / "build/sysroots/arm64", *default_words(package)), capture_output=True, text=True, timeout=60
    )
    assert outcome.returncode == 2 and "apt-get install libmicrohttpd12" in outcome.stderr, outcome.stderr
    assert "RestartPreventExitStatus=2\n" in (package / "lib/systemd/system/rf-cam.service").read_text()


def test_it_finds_the_hosts_faces(program, package):
    picture = ROOT / "Tests/Fixtures/pictures/astronaut.jpg"
    words = ["--size", "320", picture]
    sysroot = ROOT / "build/sysroots/arm64"
    got, want = (
        subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
        for command in (emulated(package, sysroot, *words), [program, *words])
    )
    assert got == want and len(want.splitlines()) == 1
