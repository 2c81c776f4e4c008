"""The RK3399 image: its kernel, init and rf-cam, in QEMU's virt machine as a Cortex-A72 with the image as its disk.

QEMU has no RK3399: boot ROM, U-Boot for the board and device trees are not run here. Needs build/rk3399 (make firmware
BOARD=rk3399).
"""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from camera import SETTINGS, check_faces, with_camera
from card import Card
from emulator import BUILD, JUMPING_TIME, ROOT, VIRTUAL_TIME, Machine
from hardening import faults

BOARD = BUILD / "rk3399"
VIRT = ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "512"]
# A made picture and a small network: results come at once, whatever kernels there are.
QUICK = {"source": "pattern:640x480", "size": "64", "format": "json"}


def boot(
    card: Card | None,
    *options: str,
    initrd: Path = BOARD / "initrd.gz",
    append: str = "",
    drive: tuple[str, ...] = (),
    clock: list[str] = VIRTUAL_TIME,
) -> Machine:
    """Starts the image's kernel, as U-Boot would."""
    disk = [*card.drive(*drive), "-device", "virtio-blk-device,drive=card"] if card else []
    return Machine(
        [
            *VIRT,
            *clock,
            "-kernel",
            str(BOARD / "Image"),
            "-initrd",
            str(initrd),
            "-append",
            f"console=ttyAMA0 loglevel=4 panic=-1 {append}",
            *disk,
            *options,
        ]
    )


@pytest.fixture
def card(tmp_path) -> Card:
    return Card(BOARD / "firmware.img", tmp_path)


def test_is_the_same_when_built_again(tmp_path):
    subprocess.run([ROOT / "Boards/rk3399/build.sh"], check=True, env={**os.environ, "OUT": str(tmp_path)}, stdout=subprocess.DEVNULL)
    for name in ["firmware-nanopc-t4.img", "firmware-rock-pi-4.img", "firmware-rockpro64.img"]:
        subprocess.run(["cmp", BOARD / name, tmp_path / name], check=True)


def test_programs_have_all_defences():
    assert faults(BOARD / "init") == [] and faults(BOARD / "rf-cam") == []


def test_boot_loader_lies_where_the_boot_rom_looks():
    boot_folder = BUILD / "boards/arm64/usr/lib/u-boot/rockpro64-rk3399"
    with (BOARD / "firmware-rockpro64.img").open("rb") as image:
        for sector, name in [(64, "idbloader.img"), (16384, "u-boot.itb")]:
            expected = (boot_folder / name).read_bytes()
            image.seek(512 * sector)
            assert image.read(len(expected)) == expected


def test_boots_whole_by_a_boot_loader(card):
    """Debian's U-Boot for QEMU finds partition, extlinux.conf, kernel and initrd, as that of the board has to.

    In real time: U-Boot counts its delays by busy loops, which take long by counted instructions.
    """
    subprocess.run([ROOT / "Toolchains/fetch.sh", "arm64", "build/boards/u-boot-qemu", "u-boot-qemu"], check=True)
    settings = card.read("extlinux/extlinux.conf", partition=1)
    assert b"console=ttyS2,1500000n8" in settings and b"fdtdir /dtbs" in settings
    card.write("extlinux/extlinux.conf", settings.replace(b"ttyS2,1500000n8", b"ttyAMA0"))
    card.configure(**QUICK)
    loader = BUILD / "boards/u-boot-qemu/usr/lib/u-boot/qemu_arm64/u-boot.bin"
    with Machine([*VIRT, "-bios", str(loader), *card.drive(), "-device", "virtio-blk-device,drive=card"]) as device:
        device.wait_for('"source":"pattern:640x480"')
        print(f"from reset through U-Boot to the first result: {device.seconds:.1f} s")


def test_finds_the_faces_that_a_camera_shows(card, tmp_path):
    card.configure(**SETTINGS)
    initrd = with_camera(BOARD / "initrd.gz", "arm64", tmp_path)
    with boot(card, initrd=initrd, append="rdinit=/test/init") as device:
        check_faces(device)


def test_rf_cam_runs_without_rights_and_writes_results(card, tmp_path):
    card.configure(**QUICK, results="results.txt", sync="0")
    initrd = with_camera(BOARD / "initrd.gz", "arm64", tmp_path)
    with boot(card, initrd=initrd, append="rdinit=/test/init rf_test=rights") as device:
        device.wait_for("test: end")
        wait_for_results(card, 3)
        said = [line.removeprefix("test: ").split() for line in device.lines if line.startswith("test: ")]
    rights = {words[0]: words[1:] for words in said}
    assert rights["Uid:"] == 4 * ["1000"] and rights["Gid:"] == 4 * ["1000"] and rights["Groups:"] == []
    for name in ("CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"):
        assert int(rights[name][0], 16) == 0, name
    assert rights["NoNewPrivs:"] == ["1"] and rights["Seccomp:"] == ["2"]
    for place in ("/boot", "/results"):
        assert {"nosuid", "nodev", "noexec"} <= set(rights[place][0].split(","))
    assert "ro" in rights["/boot"][0].split(",") and "rw" in rights["/results"][0].split(",")
    # The card itself is root's.
    assert rights["/dev/vda"] == ["0", "0", "600"]


def test_rf_cam_that_hangs_is_started_again(card, tmp_path):
    card.configure(**QUICK)
    initrd = with_camera(BOARD / "initrd.gz", "arm64", tmp_path)
    with boot(card, initrd=initrd, append="rdinit=/test/init rf_test=hang", clock=JUMPING_TIME) as device:
        device.wait_for("test: rf-cam is stopped")
        device.wait_for("rf-cam has not reported for 30 s: it is killed")
        device.wait_for("rf-cam was ended by signal 9 (Killed); again in 1 s")
        device.text = device.text.rpartition("again in 1 s")[2]
        device.wait_for('"frame":20,')
        assert "has not reported" not in device.text, device.text


def test_configuration_with_a_byte_order_mark_sets_the_address(card):
    lines = [f"{name} = {value}" for name, value in {"address": "10.0.2.20/24", **QUICK}.items()]
    # Written by an editor of another system; the last of two addresses holds, as for rf-cam's own names.
    card.write("rf-cam.conf", "\r\n".join([*lines[:1], "address = 10.0.2.21/24", *lines[1:], ""]).encode("utf-8-sig"))
    with boot(card, "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net") as device:
        device.wait_for("eth0 has 10.0.2.21/24")
        device.wait_for('"source":"pattern:640x480"')


def test_camera_without_a_usable_format_is_said_and_tried_again(card, tmp_path):
    card.configure(camera="640x480:ABCD")
    initrd = with_camera(BOARD / "initrd.gz", "arm64", tmp_path)
    with boot(card, initrd=initrd, append="rdinit=/test/init") as device:
        device.wait_for("again in 2 s")
        assert device.text.count("has no format ABCD: ask for one of ") == 2, device.text


def test_without_a_camera_it_says_so_and_waits(card):
    """It stays, and takes the camera that is plugged in later (Tests/Cameras does)."""
    with boot(card) as device:
        device.wait_for("camera: no camera is connected; waiting for one")
        device.listen(5)
        assert "rf-cam ended" not in device.text


@pytest.mark.parametrize(
    "lines, said",
    [
        ("# a device\nsource = camera\ntreshold = 0.5\n", "rf-cam: /boot/rf-cam.conf:3: 'treshold': no such name; the names are source"),
        ("model = none.rfm\nsource = pattern:64x64\n", "rf-cam: none.rfm: cannot open: No such file or directory"),
    ],
)
def test_wrong_configuration_is_named_and_tried_again(card, lines, said):
    card.write("rf-cam.conf", lines.encode())
    with boot(card) as device:
        device.wait_for("again in 2 s")
        assert device.text.count(said) == 2, device.text


def test_without_a_configuration_defaults_hold(card):
    card.delete("rf-cam.conf")
    with boot(card) as device:
        device.wait_for("/boot/rf-cam.conf is missing: defaults")
        device.wait_for("camera: no camera is connected")


def test_without_a_card_it_says_so():
    with boot(None) as device:
        device.wait_for("no partition with the label RFCAM")
        device.wait_for("camera: no camera is connected")


def results(card: Card) -> list[dict]:
    """The lines on the card, all of them whole."""
    text = card.read("results.txt").decode()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def wait_for_results(card: Card, count: int) -> None:
    """Data that the guest has synchronised are on the disk, which can be read while it runs."""
    deadline = time.monotonic() + 600
    while card.read("results.txt").count(b"\n") < count:
        assert time.monotonic() < deadline, "no results on the card"
        time.sleep(0.2)


def test_results_survive_a_power_cut(card):
    card.configure(**QUICK, results="results.txt", sync="0")
    for _ in range(2):
        before = card.read("results.txt").count(b"\n")
        with boot(card) as device:
            device.wait_for("starting rf-cam")
            wait_for_results(card, before + 3)
            device.kill()
    lines = card.read("results.txt")
    whole = lines[: lines.rindex(b"\n")].splitlines()
    assert [json.loads(line)["frame"] for line in whole].count(0) == 2, "both runs left their lines"
    # The next start removes an incomplete line after a power cut.
    card.write("results.txt", lines[: lines.rindex(b"\n") - 20], partition=2)
    with boot(card) as device:
        device.wait_for("results.txt: its last line was torn, by a power cut perhaps")
        wait_for_results(card, len(whole) + 3)
        device.kill()
    assert all(json.loads(line) for line in card.read("results.txt").splitlines()[: len(whole) + 2])


def test_full_card_costs_results_only(card):
    card.fill(partition=2)
    card.configure(**QUICK, results="results.txt", sync="0")
    with boot(card) as device:
        device.wait_for("results.txt: cannot write results: No space left on device: free some space on the disk")
        device.listen(5)
        assert "rf-cam ended" not in device.text


def test_write_protected_card_costs_results_only(card):
    card.configure(**QUICK, results="results.txt")
    with boot(card, drive=("readonly=on",)) as device:
        device.wait_for("the card is write-protected")
        device.wait_for("results.txt: cannot write results: Read-only file system")
        device.listen(5)
        assert "rf-cam ended" not in device.text


def test_results_go_out_as_datagrams(card):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(600)
        # QEMU's own network: 10.0.2.2 is this machine.
        card.configure(**QUICK, address="10.0.2.20/24", gateway="10.0.2.2", results=f"udp:10.0.2.2:{receiver.getsockname()[1]}")
        with boot(card, "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net") as device:
            device.wait_for("eth0 has 10.0.2.20/24")
            assert json.loads(receiver.recv(65536))["source"] == "pattern:640x480"
