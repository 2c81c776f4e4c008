#!/usr/bin/env bash
# Builds the bare-metal firmware for QEMU's virt machine: build/qemu-virt/firmware.elf (for -kernel) and firmware.bin (for -bios:
# the flash at reset). Usage: Boards/qemu-virt/build.sh   MODEL=x.rfm PICTURE=x.jpg are put into flash.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly model=${MODEL:-Models/default.rfm} picture=${PICTURE:-Tests/Fixtures/pictures/group.jpg}
readonly out=$PWD/build/qemu-virt

mkdir -p "$out/flash"
# Written only if they change, to avoid builds without need.
keep() { if cmp -s "$1" "$2"; then rm "$1"; else mv "$1" "$2"; fi; }
cp -- "$model" "$out/flash/model.new"
keep "$out/flash/model.new" "$out/flash/model.rfm"
djpeg -pnm -dct int "$picture" >"$out/flash/picture.new"
keep "$out/flash/picture.new" "$out/flash/picture.ppm"

rm -f "$out/swift/release/firmware" # the linker script is no file that SwiftPM looks at
swift build -c release --package-path Boards/qemu-virt --scratch-path "$out/swift" --swift-sdks-path Toolchains \
  --swift-sdk rf-aarch64-baremetal --product firmware \
  -Xcc "-DRF_FLASH_MODEL=\"$out/flash/model.rfm\"" -Xcc "-DRF_FLASH_PICTURE=\"$out/flash/picture.ppm\""
cp "$out/swift/release/firmware" "$out/firmware.elf"
llvm-objcopy -O binary "$out/firmware.elf" "$out/firmware.bin"
echo "built build/qemu-virt/firmware.elf ($(stat -c %s "$out/firmware.bin") bytes of flash); to run it:"
echo "  qemu-system-aarch64 -M virt -cpu cortex-a72 -m 128 -nographic -kernel build/qemu-virt/firmware.elf"
