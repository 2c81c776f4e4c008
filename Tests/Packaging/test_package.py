"""The manual page and the package, compared with the program's own help."""

import shutil
import subprocess
from pathlib import Path

import pytest

from options import options

ROOT = Path(__file__).parent.parent.parent


def test_the_manual_page_has_every_option_and_source(program):
    page = subprocess.run([program, "--print-manual"], capture_output=True, text=True, check=True).stdout
    page += (ROOT / "Packaging/rf-cam.1.end").read_text()
    for option, valid in options(program).items():
        name = option.replace("-", "\\-")
        assert f"\\fB{name}\\fR" in page, option
        if valid:
            assert f"\\fB{name}\\fR \\fI{valid.replace('-', chr(92) + '-')}\\fR\n" in page, option
    assert page.count(".TP\n.B ") > 8 and "--print" not in page and ".B pattern:WxH\n" in page
    if shutil.which("groff"):
        outcome = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z"], input=page, capture_output=True, text=True)
        assert outcome.stderr == ""


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="this machine has no dpkg-deb")
def test_the_package_holds_what_it_should(program, tmp_path):
    made = sorted((ROOT / "build").glob("rf-cam_*_amd64.deb"))
    if not made:
        pytest.skip("no package was made (make deb)")
    package = made[-1]
    contents = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    files = {line.split()[5][1:]: line.split()[:2] for line in contents.splitlines() if not line.startswith("d")}
    assert set(files) == {
        "/usr/bin/rf-cam",
        "/lib/systemd/system/rf-cam.service",
        "/lib/systemd/system/rf-cam@.service",
        "/etc/default/rf-cam",
        "/usr/share/man/man1/rf-cam.1.gz",
        "/usr/share/bash-completion/completions/rf-cam",
        "/usr/share/fish/vendor_completions.d/rf-cam.fish",
        "/usr/share/zsh/vendor-completions/_rf-cam",
        "/usr/share/doc/rf-cam/copyright",
        "/usr/share/doc/rf-cam/changelog.gz",
        "/usr/share/doc/rf-cam/licences/LGPL-2.1",
        "/usr/share/doc/rf-cam/licences/libc6-dev.copyright",
        "/usr/share/doc/rf-cam/licences/libjpeg62-turbo-dev.copyright",
        "/usr/share/doc/rf-cam/licences/libpng-dev.copyright",
        "/usr/share/doc/rf-cam/licences/zlib1g-dev.copyright",
    }
    assert all(owner == "root/root" for _, owner in files.values())
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    outcome = subprocess.run(
        [tmp_path / "usr/bin/rf-cam", ROOT / "Tests/Fixtures/pictures/astronaut.jpg"], capture_output=True, text=True, timeout=60
    )
    assert outcome.returncode == 0 and len(outcome.stdout.splitlines()) == 1
    # libv4l may load another libjpeg: the functions of the one inside must not replace its functions.
    symbols = subprocess.run(["readelf", "--wide", "--dyn-syms", tmp_path / "usr/bin/rf-cam"], capture_output=True, text=True, check=True)
    assert "jpeg_" not in symbols.stdout and "png_" not in symbols.stdout and "dlopen" in symbols.stdout
    fields = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
    # Nothing else: Ubuntu's libjpeg has another name. 2.34: Debian 12, Ubuntu 22.04.
    assert "Architecture: amd64\n" in fields and "\nDepends: libc6 (>= 2.34)\n" in fields
    assert "Recommends: libmicrohttpd12, libv4l-0, libwebp7\n" in fields
