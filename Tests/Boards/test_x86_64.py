"""The PC image, whole: from reset through UEFI (OVMF) to results, as a USB stick and as a disk.

Needs build/x86-64 (make firmware BOARD=x86-64).
"""

import json
import os
import re
import subprocess

import pytest

from camera import SETTINGS, check_faces, with_camera
from card import Card
from emulator import BUILD, ROOT, Machine
from hardening import faults

BOARD = BUILD / "x86-64"
# In real time: OVMF gets nowhere by counted instructions.
PC = ["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-smp", "2", "-m", "1024", "-nodefaults", "-bios", "/usr/share/ovmf/OVMF.fd"]
STICK = ["-device", "qemu-xhci", "-device", "usb-storage,drive=card"]
DISK = ["-device", "virtio-blk-pci,drive=card"]
QUICK = {"source": "pattern:640x480", "size": "64", "format": "json"}


@pytest.fixture
def card(tmp_path) -> Card:
    return Card(BOARD / "firmware.img", tmp_path)


def boot(card: Card, *options: str) -> Machine:
    return Machine([*PC, *card.drive(), *options])


def test_is_the_same_when_built_again(tmp_path):
    subprocess.run([ROOT / "Boards/x86-64/build.sh"], check=True, env={**os.environ, "OUT": str(tmp_path)}, stdout=subprocess.DEVNULL)
    subprocess.run(["cmp", BOARD / "firmware.img", tmp_path / "firmware.img"], check=True)


def test_programs_have_all_defences():
    assert faults(BOARD / "init") == [] and faults(BUILD / "embedded/release/rf-cam") == []


def test_starts_from_a_stick_and_writes_to_it(card):
    card.configure(**QUICK, frames="3", results="results.txt")
    with boot(card, *STICK) as device:
        device.wait_for("rf-cam has come to the end of its source; again in 1 s")
        print(f"from reset to three results on the stick: {device.seconds:.1f} s")
        device.kill()
    assert [json.loads(line)["frame"] for line in card.read("results.txt").splitlines()][:3] == [0, 1, 2]


def test_finds_the_faces_that_a_camera_shows(card, tmp_path):
    card.configure(**SETTINGS)
    card.write("initrd.gz", with_camera(BOARD / "initrd.gz", "amd64", tmp_path).read_bytes())
    entry = card.read("loader/entries/rf-cam.conf", partition=1)
    card.write("loader/entries/rf-cam.conf", entry.replace(b"options ", b"options rdinit=/test/init "))
    with boot(card, *DISK) as device:
        check_faces(device)


def test_results_go_out_of_a_serial_port(card, tmp_path):
    card.configure(**QUICK, frames="3", results="/dev/ttyS1@115200")
    port = tmp_path / "port.txt"
    # The machine's own watchdog (QEMU's is switched off by default) is found on the way.
    with boot(card, *DISK, "-serial", f"file:{port}", "-global", "ICH9-LPC.noreboot=false") as device:
        device.wait_for("watchdog: the machine restarts if init hangs for 60 s")
        device.wait_for("again in 1 s")
    # The PC's firmware writes to every serial port before.
    results = re.findall(r'\{"source".*\}', port.read_text(errors="replace"))
    assert [json.loads(line)["frame"] for line in results][:3] == [0, 1, 2]
