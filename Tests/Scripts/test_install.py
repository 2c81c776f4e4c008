"""Toolchains/install.sh: waits for apt's locks and reports it; gives advice if it cannot install.

apt runs on a package tree of its own (lists, locks, repository, installed packages) under a temporary folder: the machine's
packages are never touched, and no root is needed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NAME = "rf-test-package"
pytestmark = pytest.mark.skipif(not (shutil.which("apt-get") and shutil.which("dpkg-deb")), reason="this machine has no apt")


class Tree:
    """A private package tree with one package in its repository."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.lists_lock, self.dpkg_lock = folder / "lists/lock", folder / "dpkg/lock-frontend"
        self.archives_lock = folder / "cache/archives/lock"
        for name in (
            "lists/partial",
            "cache/archives/partial",
            "dpkg/updates",
            "dpkg/info",
            "dpkg/triggers",
            "repository",
            "bin",
            "log",
            "root",
        ):
            (folder / name).mkdir(parents=True)
        (folder / "dpkg/status").touch()
        self._make_package()
        (folder / "sources.list").write_text(f"deb [trusted=yes] file:{folder}/repository ./\n")
        (folder / "apt.conf").write_text(f'''
            Dir::State::lists "{folder}/lists"; Dir::State::status "{folder}/dpkg/status"; Dir::Cache "{folder}/cache";
            Dir::Log "{folder}/log";
            Dir::Etc::sourcelist "{folder}/sources.list"; Dir::Etc::sourceparts "-"; Dir::State::extended_states "{folder}/extended";
            Dir::Bin::dpkg "{folder}/bin/dpkg"; APT::Sandbox::User ""; Acquire::Languages "none"; DPkg::Run-Directory "/";
        ''')
        # The real dpkg on this tree's database; without root it cannot set owners, which does not matter here.
        self._program(
            "dpkg",
            f"exec /usr/bin/dpkg --admindir={folder}/dpkg --instdir={folder}/root --force-not-root "
            '--force-script-chrootless --force-bad-path --log=/dev/null "$@"',
        )
        if os.getuid() != 0:
            self._program("sudo", 'exec "$@"')

    def _program(self, name: str, line: str):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def _make_package(self):
        control = f"Package: {NAME}\nVersion: 1\nArchitecture: all\nMaintainer: Test <test@example.org>\nDescription: test\n"
        built = self.folder / "built/DEBIAN"
        built.mkdir(parents=True)
        (built / "control").write_text(control)
        file = self.folder / f"repository/{NAME}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", built.parent, file], check=True, stdout=subprocess.DEVNULL)
        content = file.read_bytes()
        (self.folder / "repository/Packages").write_text(
            f"{control}Filename: ./{file.name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n\n"
        )

    def start(self, *packages: str, **more) -> subprocess.Popen:
        environment = (
            dict(
                os.environ,
                APT_CONFIG=str(self.folder / "apt.conf"),
                DPKG_ADMINDIR=str(self.folder / "dpkg"),
                PATH=f"{self.folder}/bin:{os.environ['PATH']}:/usr/sbin:/sbin",
            )
            | more
        )
        return subprocess.Popen(
            [ROOT / "Toolchains/install.sh", "setup", *packages], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def install(self, *packages: str, **more) -> tuple[int, str]:
        process = self.start(*packages, **more)
        output, errors = process.communicate(timeout=120)
        return process.returncode, output + errors

    def has_package(self) -> bool:
        return f"Package: {NAME}\nStatus: install ok installed" in (self.folder / "dpkg/status").read_text()


@pytest.fixture
def tree(tmp_path) -> Tree:
    return Tree(tmp_path)


def hold(lock: Path) -> subprocess.Popen:
    """Another process that holds a lock as apt does: fcntl(2), exclusive."""
    program = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); time.sleep(600)"
    holder = subprocess.Popen([sys.executable, "-c", program, lock], stdout=subprocess.PIPE)
    holder.stdout.readline()
    return holder


def release(holder: subprocess.Popen):
    holder.kill()
    holder.wait()
    holder.stdout.close()


def test_a_missing_package_is_installed_and_a_present_one_left_alone(tree):
    status, said = tree.install(NAME)
    assert status == 0 and tree.has_package(), said
    assert said.startswith(f"setup: installing {NAME}\n")
    assert "install.sh" not in said and "apt.sh" not in said  # bash's own complaints name the script
    assert tree.install(NAME) == (0, "")


@pytest.mark.parametrize("lock", ["lists_lock", "archives_lock", "dpkg_lock"])
def test_it_waits_for_each_lock_and_says_so(tree, lock):
    holder = hold(getattr(tree, lock))
    try:
        process = tree.start(NAME)
        time.sleep(7)  # longer than one attempt
        assert process.poll() is None, process.communicate()
        assert not tree.has_package()
    finally:
        release(holder)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and tree.has_package(), output + errors
    told = [line for line in errors.splitlines() if "waiting" in line]
    assert len(told) == 1, errors
    assert str(getattr(tree, lock).name) in told[0] and f"held by process {holder.pid}" in told[0] and "at most 600 s" in told[0]
    assert "the lock is free after" in errors and "E: " not in errors and "apt.sh" not in errors


def test_it_gives_up_after_the_limit(tree):
    holder = hold(tree.dpkg_lock)
    try:
        started = time.monotonic()
        status, said = tree.install(NAME, RF_APT_WAIT="3")
        assert status == 1 and not tree.has_package() and time.monotonic() - started < 30
        assert "still holds apt's lock after 3 s" in said and f"held by process {holder.pid}" in said
        assert f"as root: apt-get update && apt-get install --yes --no-install-recommends {NAME}" in said
    finally:
        release(holder)


def test_an_interrupted_installation_is_told_with_its_remedy(tree):
    (tree.folder / "dpkg/updates/0001").write_text("")
    status, said = tree.install(NAME)
    assert status == 1 and "run 'dpkg --configure -a' as root, then run this again" in said, said


def test_a_package_that_does_not_exist_is_told(tree):
    status, said = tree.install("rf-no-such-package")
    assert status == 1 and "Unable to locate package rf-no-such-package" in said
    assert "the package lists lack a package" in said and "these packages are not installed: rf-no-such-package" in said


def test_without_a_network_the_lists_that_are_there_are_used(tree):
    assert tree.install(NAME)[0] == 0
    (tree.folder / "dpkg/status").write_text("")
    # One server exists, the other does not.
    with (tree.folder / "sources.list").open("a") as file:
        file.write("deb [trusted=yes] http://127.0.0.1:9/ ./\n")
    status, said = tree.install(NAME)
    assert status == 0 and tree.has_package(), said
    assert "a package server does not answer" in said


def test_without_root_and_sudo_the_command_is_told(tree):
    folder = tree.folder / "only"
    folder.mkdir()
    for tool in ("bash", "dpkg-query", "grep", "dirname", "apt-get"):
        (folder / tool).symlink_to(shutil.which(tool))
    (folder / "id").write_text("#!/bin/sh\necho 1000\n")
    (folder / "id").chmod(0o755)
    status, said = tree.install(NAME, PATH=str(folder))
    assert status == 1 and "neither root nor sudo" in said
    assert f"run this as root: apt-get update && apt-get install --yes --no-install-recommends {NAME}" in said
    (folder / "apt-get").unlink()
    status, said = tree.install(NAME, PATH=str(folder))
    assert status == 1 and "no apt-get on this machine" in said and NAME in said


def test_sudo_gives_root(tree):
    tree._program("id", "echo 1000")
    tree._program("sudo", f'echo "$@" >>{tree.folder}/asked; exec "$@"')
    status, said = tree.install(NAME)
    assert status == 0 and tree.has_package(), said
    asked = (tree.folder / "asked").read_text().splitlines()
    assert len(asked) == 2 and all("DEBIAN_FRONTEND=noninteractive" in line and " apt-get " in line for line in asked)


def test_no_other_script_calls_apt_get_by_itself():
    scripts = subprocess.run(
        ["git", "grep", "-lE", r"\bapt-get +(update|install|download)|\bapt +install", "--", "*.sh", "Makefile", ".ci"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert set(scripts) <= {"Toolchains/install.sh", "Toolchains/fetch.sh"}
