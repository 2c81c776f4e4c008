#!/usr/bin/env bash
# Installs the Debian packages that firmware images need and this machine lacks. Does nothing where all are there.
# Usage: Boards/setup.sh [emulation]   emulation: what runs the images, too
set -euo pipefail

packages=(libjpeg-turbo-progs kmod cpio genimage dosfstools mtools device-tree-compiler libv4l-0)
[ "${1:-}" = emulation ] && packages+=(qemu-system-arm qemu-system-x86 ovmf)

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
