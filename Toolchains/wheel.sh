#!/usr/bin/env bash
# Builds the Python distribution rf-cam with the library and the program in it. Needs the Python of `make train-setup`.
# Usage: Toolchains/wheel.sh [x86-64 | aarch64]   ->   build/wheels/rf_cam-VERSION-py3-none-PLATFORM.whl
set -euo pipefail
cd "$(dirname "$0")/.."

readonly board=${1:-x86-64}
case $board in
  x86-64) platform=manylinux_2_17_x86_64 library=build/lib ;;
  aarch64) platform=manylinux_2_17_aarch64 library=build/aarch64/lib ;;
  *)
    echo "wheel: unknown board '$board': name x86-64 (this machine) or aarch64" >&2
    exit 2
    ;;
esac
if [ "$board" = x86-64 ]; then Toolchains/lib.sh; else Toolchains/lib.sh "$board"; fi
# The program is static: a wheel must not need a libjpeg of the system.
Toolchains/cross.sh "$board"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
RFCAM_LIBRARY=$PWD/$library/libretinaface.so.0 RFCAM_PROGRAM=$PWD/build/$board/rf-cam RFCAM_PLATFORM=$platform
export SOURCE_DATE_EPOCH RFCAM_LIBRARY RFCAM_PROGRAM RFCAM_PLATFORM
mkdir -p build/wheels
rm -f build/wheels/*"$platform".whl
(cd Python && ../.venv/bin/python -m hatchling build --target wheel --directory ../build/wheels >/dev/null)
wheel=$(echo build/wheels/*"$platform".whl)
echo "$wheel: $(stat -c %s "$wheel") bytes"
