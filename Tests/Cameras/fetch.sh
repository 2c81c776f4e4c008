#!/usr/bin/env bash
# Debian's current kernel and a static busybox of an architecture, and the kernel modules that the guest loads.
# Usage: fetch.sh amd64 or arm64. Leaves vmlinuz, busybox, and modules/ with modules.order in build/cameras/ARCH.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly arch=$1 target=build/cameras/$1
readonly packages=build/cameras/$1/packages
# vivid: the kernel's virtual video device; vhci-hcd: USB devices made in user space; uvcvideo: the driver of USB cameras.
readonly wanted=(vivid vhci-hcd uvcvideo)

Toolchains/fetch.sh "$arch" "$packages" "linux-image-$arch!" busybox-static
[ "$target/modules/modules.order" -nt "$packages/versions.txt" ] && exit 0
version=$(ls "$packages/lib/modules")
depmod -b "$packages" "$version"
cp "$packages/boot/vmlinuz-$version" "$target/vmlinuz"
cp "$packages/bin/busybox" "$target/busybox"

# The modules in an order in which each finds what it needs.
rm -rf "$target/modules"
mkdir -p "$target/modules"
for module in "${wanted[@]}"; do
  modprobe -d "$packages" -S "$version" --show-depends "$module" | awk '$1 == "insmod" {print $2}'
done | awk '!seen[$0]++' | while read -r file; do
  name=$(basename "$file")
  cp "$file" "$target/modules/"
  case $name in *.xz) xz -d "$target/modules/$name" ;; esac
  echo "${name%.xz}"
done >"$target/modules.order"
mv "$target/modules.order" "$target/modules/modules.order"
