#!/usr/bin/env bash
# Builds a program for a board on this machine: one static file, model inside, that runs on any Linux of that processor. The
# boards debian-ARCHITECTURE give the programs of the Debian packages: they need the C library of the target, from glibc 2.34
# on, and load other libraries on demand; JPEG is inside.
# Usage: Toolchains/cross.sh BOARD [PRODUCT]   ->   build/BOARD/PRODUCT (default rf-cam) and PRODUCT.map, the linker's map
set -euo pipefail
cd "$(dirname "$0")/.."

readonly board=${1:-} product=${2:-rf-cam}
case $board in
  rk3399 | aarch64 | rpi3 | rpi4 | rpi5 | rk3566 | rk3588) sdk=rf-aarch64-linux architecture=arm64 ;;
  armv7) sdk=rf-armv7-linux architecture=armhf ;;
  x86-64) sdk=rf-x86_64-linux architecture=amd64 ;;
  debian-amd64) sdk=rf-x86_64-dynamic architecture=amd64 ;;
  debian-arm64) sdk=rf-aarch64-dynamic architecture=arm64 ;;
  debian-armhf) sdk=rf-armv7-dynamic architecture=armhf ;;
  *)
    echo "cross: unknown board '$board': name rk3399, aarch64 (any 64-bit ARM Linux; also by the names rpi3, rpi4, rpi5," \
      "rk3566 and rk3588), armv7 (32 bits, hard-float, NEON) or x86-64" >&2
    exit 2
    ;;
esac

Toolchains/sysroot.sh "$architecture"
# SwiftPM does not detect a changed toolset: the results of another one are deleted.
scratch=build/cross/$architecture toolset=Toolchains/$sdk.artifactbundle/sdk/toolset.json flags=()
# A board's program has 250 kB less without libpng; other 64-bit ARM programs have it.
if [ "$board" = rk3399 ]; then scratch=build/cross/rk3399 flags=(-Xcc -DRF_WITHOUT_PNG); fi
if [[ $board == debian-* ]]; then
  scratch=build/cross/$board toolset=Toolchains/rf-linux-dynamic.artifactbundle/$architecture/toolset.json
fi
readonly scratch toolset
cmp --quiet "$toolset" "$scratch/toolset.json" || rm -rf "$scratch"
mkdir -p "$scratch"
cp "$toolset" "$scratch/"
mkdir -p "build/$board"
swift build -c release --jobs "$(nproc)" --scratch-path "$scratch" \
  --swift-sdks-path Toolchains --swift-sdk "$sdk" --disable-local-rpath --product "$product" "${flags[@]}" \
  -Xlinker "-Map=$PWD/build/$board/$product.map" -Xlinker "-T$PWD/Toolchains/discard.ld"
# Copied under another name and renamed: processes that run the old file keep it.
cp "$scratch/release/$product" "build/$board/.$product.part"
mv "build/$board/.$product.part" "build/$board/$product"
echo "build/$board/$product: $(stat -c %s "build/$board/$product") bytes"
