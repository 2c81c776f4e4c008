#!/usr/bin/env bash
# Installs the Debian packages that the build needs and this machine lacks. Does nothing where all are there.
# Usage: Toolchains/setup.sh [GROUP...]   more than the build: emulation (ARM programs on this machine), cost (the cost
#        model), cameras (Boards/camera-testbed), browser (the live page as people see it), packaging
set -euo pipefail

packages=(libjpeg-dev libmicrohttpd-dev python3-venv)
for group in "$@"; do
  case $group in
    emulation) packages+=(qemu-user) ;;
    cost) packages+=(qemu-user llvm-19) ;;
    cameras) packages+=(qemu-system-x86 qemu-system-arm kmod cpio xz-utils libv4l-0) ;;
    browser) packages+=(chromium fonts-dejavu-core) ;;
    packaging) packages+=(dpkg-dev file) ;;
    *)
      echo "setup: unknown group '$group': name emulation, cost, cameras, browser or packaging" >&2
      exit 2
      ;;
  esac
done

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ! command -v swift >/dev/null; then
  echo "setup: no swift on PATH: install the Swift 6.3 toolchain first (see README.md)" >&2
  exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
