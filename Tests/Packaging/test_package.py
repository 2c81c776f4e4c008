"""The manual page, the completion and the package itself, held to what the program says of itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def options(program: Path) -> dict[str, str]:
    """Every option of --help, long and short, with what follows it."""
    found = {}
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    for long, _, short, valid in re.findall(r"^  (--[a-z-]+)(, (-[a-z]))?(.*)$", text, re.M):
        found[long] = valid.strip()
        if short:
            found[short] = ""
    assert len(found) > 20
    return found


def test_the_manual_page_has_every_option_and_source(program):
    page = subprocess.run([ROOT / "Packaging/manual.sh", program.resolve()], capture_output=True, text=True, check=True).stdout
    assert not re.search(r"@[A-Z]+@", page.split("\n", 1)[1])  # the first line tells of them
    for option, valid in options(program).items():
        name = option.replace("-", "\\-")
        assert f"\\fB{name}\\fR" in page, option
        if valid:
            assert f"\\fB{name}\\fR \\fI{valid.replace('-', chr(92) + '-')}\\fR\n" in page, option
    assert page.count(".TP\n.B ") > 8 and ".B pattern:WxH\n" in page
    if shutil.which("groff"):
        outcome = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z"], input=page, capture_output=True, text=True)
        assert outcome.stderr == ""


def complete(program: Path, tmp_path: Path, *words: str) -> list[str]:
    """What bash offers after these words, the last of which is being typed."""
    script = f'''
        source {ROOT}/Packaging/rf-cam.bash
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _rf_cam {program.resolve()} "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    '''
    outcome = subprocess.run(["bash", "-c", script, "bash", "rf-cam", *words], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert outcome.stderr == ""
    return outcome.stdout.split()


def test_completion_offers_every_option_and_what_is_valid(program, tmp_path):
    assert set(complete(program, tmp_path, "-")) == set(options(program))
    assert complete(program, tmp_path, "--thr") == ["--threshold", "--threads"]
    assert complete(program, tmp_path, "--format", "") == ["text", "json", "wider", "hash", "none"]
    assert complete(program, tmp_path, "--format", "=", "js") == ["json"]
    assert complete(program, tmp_path, "--format", "=") == ["text", "json", "wider", "hash", "none"]
    assert "reference" in complete(program, tmp_path, "--isa", "")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.jpg").touch()
    assert complete(program, tmp_path, "--output", "f") == ["folder"]
    assert sorted(complete(program, tmp_path, "f")) == ["file.jpg", "folder"]
    assert sorted(complete(program, tmp_path, "--stats", "f")) == ["file.jpg", "folder"]
    assert complete(program, tmp_path, "pat") == ["pattern:"]


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="this machine has no dpkg-deb")
def test_the_package_holds_what_it_should(program, tmp_path):
    made = sorted((ROOT / "build").glob("rf-cam_*_amd64.deb"))
    if not made:
        pytest.skip("no package was made (make deb)")
    package = made[-1]
    contents = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    files = {line.split()[5][1:]: line.split()[:2] for line in contents.splitlines() if not line.startswith("d")}
    assert set(files) == {
        "/usr/bin/rf-cam", "/lib/systemd/system/rf-cam.service", "/etc/default/rf-cam", "/usr/share/man/man1/rf-cam.1.gz",
        "/usr/share/bash-completion/completions/rf-cam", "/usr/share/doc/rf-cam/copyright", "/usr/share/doc/rf-cam/changelog.gz"}
    assert all(owner == "root/root" for _, owner in files.values())
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    outcome = subprocess.run([tmp_path / "usr/bin/rf-cam", ROOT / "Tests/Fixtures/pictures/astronaut.jpg"], capture_output=True,
                             text=True, timeout=60)
    assert outcome.returncode == 0 and len(outcome.stdout.splitlines()) == 1
    fields = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
    assert "Architecture: amd64\n" in fields and "Depends: libc6 (>= " in fields and "libjpeg62-turbo" in fields
    assert "Recommends: libmicrohttpd12, libv4l-0\n" in fields
