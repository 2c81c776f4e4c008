"""The bare-metal image on QEMU's virt machine: the host's faces and hash, and its messages for errors.

Needs build/rf-cam and build/qemu-virt (make build; make firmware BOARD=qemu-virt).
"""

import re
import subprocess
import time

import pytest

from emulator import BUILD, ROOT, Machine

FIRMWARE = BUILD / "qemu-virt"
VIRT = ["qemu-system-aarch64", "-m", "128"]


def host(*options: str) -> list[str]:
    """Returns rf-cam's results on this machine for the image's picture and model."""
    command = [BUILD / "rf-cam", "--model", "model.rfm", *options, "picture.ppm"]
    return subprocess.run(command, cwd=FIRMWARE / "flash", check=True, capture_output=True, text=True).stdout.splitlines()


def symbol(name: str) -> int:
    """Returns the address of a function in flash."""
    names = subprocess.run(["llvm-nm", FIRMWARE / "firmware.elf"], check=True, capture_output=True, text=True).stdout
    return int(re.search(rf"^([0-9a-f]+) \w {re.escape(name)}$", names, re.MULTILINE).group(1), 16)


@pytest.mark.parametrize(
    "machine, cpu, image, level",
    [
        ("virt", "cortex-a72", "-kernel", 1),
        ("virt,virtualization=on", "cortex-a53", "-bios", 2),
    ],
)
def test_finds_the_faces_that_the_host_finds(machine, cpu, image, level):
    file = FIRMWARE / ("firmware.elf" if image == "-kernel" else "firmware.bin")
    with Machine([*VIRT, "-M", machine, "-cpu", cpu, image, str(file)]) as device:
        text = device.finish()
        print(f"{machine}, {cpu}: off after {device.seconds:.1f} s")
    faces, hashes = host(), host("--format", "hash")
    assert len(faces) >= 5, "the picture has too few faces to compare"
    assert f"started at EL{level}" in device.lines[0]
    assert [line for line in device.lines if line.startswith("picture.ppm ")] == faces
    assert hashes[0] in device.lines
    assert device.lines[-1] == "done"
    assert "fault:" not in text
    check_memory(device.lines)


def check_memory(lines: list[str]) -> None:
    """The printed figures are complete and consistent."""
    (flash,) = [line for line in lines if line.startswith("flash: ")]
    (ram,) = [line for line in lines if line.startswith("ram: ")]
    assert int(flash.split()[1]) == (FIRMWARE / "firmware.bin").stat().st_size
    variables, stack, stack_size, heap, heap_size, maps, together, size = map(int, re.findall(r"\d+", ram))
    assert 0 < stack < stack_size and maps < heap < heap_size
    assert together == variables + stack + heap < size


@pytest.mark.parametrize(
    "address, patch, said",
    [
        # The model's first bytes: the model is refused with advice.
        ("$model", b"XXXX", "failed: model file: does not start with"),
        # An invalid instruction.
        ("main", b"\0\0\0\0", "fault: unknown instruction"),
        # brk #1, which is what a failed check of Swift compiles to.
        ("main", b"\x20\x00\x20\xd4", "fault: trap: a check of the program failed"),
        # str x0, [sp, #-16]! and back to it.
        ("main", b"\xe0\x0f\x1f\xf8\xff\xff\xff\x17", "fault: stack overflow"),
        # str x0, [x0] with x0 = 0: flash is not written to.
        ("main", b"\x00\x00\x80\xd2\x00\x00\x00\xf9", "fault: write to memory that is not mapped or read-only"),
        # mov x0, #0; ret: nothing is left on the heap.
        ("rf_heap_take", b"\x00\x00\x80\xd2\xc0\x03\x5f\xd6", "fault: heap full"),
    ],
)
def test_says_what_is_wrong_and_stops(tmp_path, address, patch, said):
    image = bytearray((FIRMWARE / "firmware.bin").read_bytes())
    at = image.index(b"RFMODEL\0") if address == "$model" else symbol(address)
    image[at : at + len(patch)] = patch
    patched = tmp_path / "patched.bin"
    patched.write_bytes(image)
    with Machine([*VIRT, "-M", "virt", "-cpu", "cortex-a72", "-bios", str(patched)]) as device:
        assert said in device.finish()
    assert "done" not in device.lines


def test_heap_gives_and_takes_back(tmp_path):
    """The allocator by itself, as a host program: random blocks, none over another, all of it one block again at the end."""
    program = tmp_path / "heap"
    board = ROOT / "Boards/qemu-virt/Sources/CBoard"
    subprocess.run(
        [
            "clang",
            "-std=gnu2x",
            "-Wall",
            "-Werror",
            "-g",
            "-fsanitize=undefined",
            "-fno-sanitize-recover=all",
            f"-I{board}/include",
            ROOT / "Tests/Boards/heap.c",
            board / "heap.c",
            "-o",
            program,
        ],
        check=True,
    )
    started = time.monotonic()
    subprocess.run([program], check=True, timeout=120)
    print(f"heap: {time.monotonic() - started:.1f} s")
