#!/usr/bin/env bash
# Builds SD-card images for boards with an RK3399 from Debian packages: build/rk3399/firmware-TARGET.img; firmware.img is the
# first one (NanoPC-T4).
# Usage: Boards/rk3399/build.sh   TARGETS="nanopc-t4 ...": U-Boot's names of the boards; OUT=folder: destination.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Boards/image/image.sh
out=${OUT:-$PWD/build/rk3399} root=$PWD/build/boards/arm64
read -ra targets <<<"${TARGETS:-nanopc-t4 rock-pi-4 rockpro64}"

# Excluded because a camera without a screen does not use them; PCIe, Bluetooth and sound also start slowly.
unwanted='adc_keys|gpio_ir_recv|gpio_keys|hantro_vpu|hci_uart|leds_gpio|panfrost|phy_rockchip_pcie|rockchip_rga'
readonly unwanted+='|rockchip_vdec|rockchipdrm|snd_soc_.*|spi_nor|spi_rockchip'
# Modules that no device tree names: children of buses, file systems, cameras, and QEMU's virt machine.
readonly others=(cpufreq_dt rk808_regulator xhci_plat_hcd realtek uvcvideo vfat nls_ascii nls_cp437
  virtio_mmio virtio_pci virtio_blk virtio_net)

Toolchains/fetch.sh arm64 build/boards/arm64 linux-image-arm64! u-boot-rockchip
Toolchains/cross.sh rk3399
mkdir -p "$out"
build_init "$out/init" --target=aarch64-linux-gnu --sysroot=build/sysroots/arm64

version=$(kernel_version "$root")
trees=("$root/usr/lib/linux-image-$version/rockchip/rk3399-"{nanopc-t4,rock-pi-4{a,b,c},rockpro64,rockpro64-v2}.dtb)
depmod --basedir "$root" "$version"
aliases=$root/lib/modules/$version/modules.alias
mapfile -t modules < <(Boards/image/modules.py "$aliases" "${trees[@]}" | grep -vxE "$unwanted")
make_initrd "$out/initrd.gz" "$root" "$out/init" build/rk3399/rf-cam "${modules[@]}" "${others[@]}"

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
mkdir -p "$files"/{extlinux,dtbs/rockchip}
cp "$root/boot/vmlinuz-$version" "$files/Image"
cp "$out/initrd.gz" "$files/"
cp "${trees[@]}" "$files/dtbs/rockchip/"
cp Boards/rk3399/extlinux.conf "$files/extlinux/"
cp Boards/image/rf-cam.conf "$root/versions.txt" "$files/"

# The boot ROM reads sector 64; the program there reads sector 16384 (Rockchip's partition scheme).
images=()
for target in "${targets[@]}"; do
  boot=$root/usr/lib/u-boot/$target-rk3399
  [ -f "$boot/u-boot.itb" ] || {
    known=$(cd "$root/usr/lib/u-boot" && printf '%s\n' *-rk3399 | sed 's/-rk3399$//' | paste -sd ' ')
    echo "firmware: $target: no such board in u-boot-rockchip: name some of $known" >&2
    exit 2
  }
  images+=("firmware-$target.img=
    partition idbloader { in-partition-table = \"no\" image = \"$boot/idbloader.img\" offset = 32K }
    partition u-boot { in-partition-table = \"no\" image = \"$boot/u-boot.itb\" offset = 8M size = 8M }")
done
make_images "$out" "$files" "${images[@]}"
ln -sf "firmware-${targets[0]}.img" "$out/firmware.img"
cp "$root/boot/vmlinuz-$version" "$out/Image"
for target in "${targets[@]}"; do (cd "$out" && sha256sum "firmware-$target.img"); done
echo "To a card: dd if=$out/firmware-${targets[0]}.img of=/dev/sdX bs=4M conv=fsync   (Boards/rk3399/README.md)"
