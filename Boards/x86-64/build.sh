#!/usr/bin/env bash
# Builds a disk image for PCs with UEFI from Debian packages: build/x86-64/firmware.img.
# Usage: Boards/x86-64/build.sh   OUT=folder: destination
set -euo pipefail
cd "$(dirname "$0")/../.."
. Boards/image/image.sh
out=${OUT:-$PWD/build/x86-64} root=$PWD/build/boards/amd64

# Modules for disks, USB, Ethernet, cameras, watchdogs and QEMU's devices of a PC.
readonly modules=(ahci sd_mod usb_storage uas nvme mmc_block sdhci_pci xhci_pci ehci_pci ohci_pci uhci_hcd uvcvideo
  e1000 e1000e igb r8169 realtek iTCO_wdt lpc_ich i2c_i801 sp5100_tco vfat nls_ascii nls_cp437 virtio_pci virtio_blk virtio_net)

Toolchains/fetch.sh amd64 build/boards/amd64 linux-image-amd64! systemd-boot-efi
# The same build as the test of Embedded Swift: dynamic, so that the image needs its libraries.
swift build -c release --jobs "$(nproc)" --scratch-path build/embedded --swift-sdks-path Toolchains \
  --swift-sdk rf-x86_64-embedded --disable-local-rpath --product rf-cam
mkdir -p "$out"
build_init "$out/init"
make_initrd "$out/initrd.gz" "$root" "$out/init" build/embedded/release/rf-cam "${modules[@]}"

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
mkdir -p "$files/EFI/BOOT"
cp "$root/usr/lib/systemd/boot/efi/systemd-bootx64.efi" "$files/EFI/BOOT/BOOTX64.EFI"
cp "$root/boot/vmlinuz-$(kernel_version "$root")" "$files/vmlinuz"
cp -r Boards/x86-64/loader "$out/initrd.gz" Boards/image/rf-cam.conf "$root/versions.txt" "$files/"
make_images "$out" "$files" firmware.img=
(cd "$out" && sha256sum firmware.img)
echo "To a USB stick: dd if=$out/firmware.img of=/dev/sdX bs=4M conv=fsync   (Boards/x86-64/README.md)"
