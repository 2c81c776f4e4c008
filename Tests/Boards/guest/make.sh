#!/usr/bin/env bash
# Makes what is appended to an image's initial RAM disk so that there is a camera with a known picture.
# Usage: make.sh arm64 or amd64   ->   build/boards/test-ARCHITECTURE.gz; the picture is build/boards/pictures/640x480.yuyv
set -euo pipefail
cd "$(dirname "$0")/../../.."
. Boards/image/image.sh
readonly architecture=$1 kernel=$PWD/build/boards/$1
case $architecture in
  arm64) compiler=(clang --target=aarch64-linux-gnu "--sysroot=$PWD/build/sysroots/arm64" -fuse-ld=lld) ;;
  amd64) compiler=(clang) ;;
esac

Toolchains/fetch.sh "$architecture" "build/boards/busybox-$architecture" busybox-static
.venv/bin/python Tests/Cameras/picture.py Tests/Fixtures/pictures/group.jpg build/boards/pictures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/test/modules"
cp Tests/Boards/guest/{init,watch} "build/boards/busybox-$architecture/bin/busybox" build/boards/pictures/640x480.yuyv "$work/test/"
"${compiler[@]}" -std=gnu2x -O2 -Wall -Wextra -static Tests/Cameras/cameractl.c -o "$work/test/cameractl"
ordered_modules "$kernel" vivid | while read -r file; do
  cp "$file" "$work/test/modules/"
  basename "$file"
done | grep -v '^vivid.ko$' >"$work/test/modules/order"
pack_initrd "$work" "build/boards/test-$architecture.gz"
