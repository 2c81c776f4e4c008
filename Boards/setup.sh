#!/usr/bin/env bash
# Installs the Debian packages that firmware images need and this machine lacks; does nothing if all are there.
# Usage: Boards/setup.sh [emulation]   emulation: also what runs the images
set -euo pipefail

packages=(libjpeg-turbo-progs kmod cpio genimage dosfstools mtools device-tree-compiler libv4l-0)
[ "${1:-}" = emulation ] && packages+=(qemu-system-arm qemu-system-x86 ovmf)

exec "$(dirname "$0")/../Toolchains/install.sh" setup "${packages[@]}"
