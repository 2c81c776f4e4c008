#!/usr/bin/env bash
# Installs the Debian packages that the build needs and this machine lacks; does nothing if it has all of them.
# Usage: Toolchains/setup.sh [GROUP...]   more than the build: emulation (ARM programs on this machine), cost (the cost
#        model), cameras (Tests/Cameras), browser (the live page as people see it), library (tests of the C library), packaging,
#        shell (checks of scripts)
set -euo pipefail

# libwebp7 is loaded at run time.
packages=(libjpeg-dev libpng-dev libmicrohttpd-dev libwebp7 python3-venv)
for group in "$@"; do
  case $group in
    emulation) packages+=(qemu-user) ;;
    cost) packages+=(qemu-user llvm-19) ;;
    cameras) packages+=(qemu-system-x86 qemu-system-arm kmod cpio xz-utils libv4l-0) ;;
    browser) packages+=(chromium fonts-dejavu-core) ;;
    library) packages+=(gcc g++ pkg-config cmake) ;;
    packaging) packages+=(binutils xz-utils zsh fish) ;;
    shell) packages+=(shellcheck) ;;
    *)
      echo "setup: unknown group '$group': name emulation, cost, cameras, browser, library, packaging or shell" >&2
      exit 2
      ;;
  esac
done

if ! command -v swift >/dev/null; then
  echo "setup: no swift on PATH: install the Swift 6.3 toolchain first (see README.md)" >&2
  exit 1
fi
exec "$(dirname "$0")/install.sh" setup "${packages[@]}"
