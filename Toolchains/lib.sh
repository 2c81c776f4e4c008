#!/usr/bin/env bash
# Builds the C library for this machine or a board. Needs nothing but the C library of the target at run time.
# Usage: Toolchains/lib.sh [BOARD]   ->   build/lib or build/BOARD/lib: libretinaface.a and libretinaface.so.0 with its links
set -euo pipefail
cd "$(dirname "$0")/.."

readonly board=${1:-} header=Sources/CRetinaFace/include/retinaface.h
case $board in
  '') sdk=rf-x86_64-embedded architecture=amd64 compiler=(clang) oldest=GLIBC_2.2.5 ;;
  rk3399 | aarch64) sdk=rf-aarch64-linux architecture=arm64 compiler=(clang --target=aarch64-linux-gnu) oldest=GLIBC_2.17 ;;
  armv7) sdk=rf-armv7-linux architecture=armhf compiler=(clang --target=armv7-linux-gnueabihf) oldest=GLIBC_2.4 ;;
  *)
    echo "lib: unknown board '$board': name none (this machine), rk3399, aarch64 (any 64-bit ARM Linux) or armv7" >&2
    exit 2
    ;;
esac
if [ $architecture != amd64 ]; then
  Toolchains/sysroot.sh $architecture
  compiler+=("--sysroot=$PWD/build/sysroots/$architecture")
fi
tools=$(dirname "$(readlink -f "$(command -v swift)")")
readonly scratch=build/library/$architecture out=build/${board:+$board/}lib
readonly whole=$scratch/libretinaface.o

# SwiftPM does not detect a changed toolset: the results of another one are deleted.
readonly toolset=Toolchains/$sdk.artifactbundle/sdk/toolset.json
cmp --quiet "$toolset" "$scratch/toolset.json" || rm -rf "$scratch"
mkdir -p "$scratch" "$out"
cp "$toolset" "$scratch/"
swift build -c release --jobs "$(nproc)" --scratch-path "$scratch" --swift-sdks-path Toolchains --swift-sdk "$sdk" \
  --disable-local-rpath --product rf-library -Xcc -fPIC

# One object with what the functions of the header need. Its allocator is CRetinaFace/memory.c; other names become local.
mapfile -t functions < <(grep -oE '\bretinaface_[a-z_]+\(' "$header" | tr -d '(' | sort -u)
"$tools/ld.lld" -r -o "$whole.part" --wrap=malloc --wrap=calloc --wrap=free --wrap=posix_memalign \
  "${functions[@]/#/--undefined=}" "$scratch/release/librf-library.a"
"$tools/llvm-objcopy" --strip-debug --wildcard --remove-section=.swift_modhash --keep-global-symbol='retinaface_*' \
  "$whole.part" "$whole"
rm -f "$out/libretinaface.a"
"$tools/llvm-ar" rcD "$out/libretinaface.a" "$whole"

# glibc 2.34 moved the threads into libc.so.6 as new versions. The old versions do for all, and were in libpthread.so.0 before.
versions=()
for name in pthread_create pthread_join pthread_sigmask; do versions+=("--redefine-sym=$name=$name@$oldest"); done
"$tools/llvm-objcopy" "${versions[@]}" "$whole" "$whole.shared"
echo '{ global: retinaface_*; local: *; };' >"$scratch/exports.map"
"${compiler[@]}" -shared -fuse-ld=lld -o "$out/libretinaface.so.0.part" "$whole.shared" -Wl,--no-as-needed -l:libpthread.so.0 \
  -Wl,-soname,libretinaface.so.0,--version-script="$scratch/exports.map",--gc-sections,-z,defs,-z,now,-z,relro,-s
mv "$out/libretinaface.so.0.part" "$out/libretinaface.so.0"
ln -sf libretinaface.so.0 "$out/libretinaface.so"
stat -c '%n: %s bytes' "$out/libretinaface.a" "$out/libretinaface.so.0"
