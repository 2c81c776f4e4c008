#!/usr/bin/env bash
# Makes a sysroot from Debian packages of any processor: C library, compiler runtime, libjpeg, libpng; the header of libmicrohttpd, which
# dynamic programs load on demand.
# Usage: Toolchains/sysroot.sh ARCHITECTURE   (Debian's names: amd64, arm64, armhf)   ->   build/sysroots/ARCHITECTURE
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(libc6-dev libc6 libcrypt-dev linux-libc-dev libgcc-12-dev libgcc-s1 libjpeg62-turbo-dev libpng-dev
  zlib1g-dev libmicrohttpd-dev)
readonly architecture=${1:?"sysroot: name an architecture: amd64, arm64 or armhf"}
readonly sysroot=build/sysroots/$architecture
Toolchains/fetch.sh "$architecture" "$sysroot" "${packages[@]}"

# Without their shared libraries, libjpeg and libpng are linked statically into dynamic programs, too.
rm -f "$sysroot"/usr/lib/*/lib{jpeg,png,png16,z}.so
# Static programs contain the unwind tables of these libraries (80 kB), which nothing reads: Swift has no exceptions.
objcopy=$(dirname "$(readlink -f "$(command -v swift)")")/llvm-objcopy
for library in "$sysroot"/usr/lib/*/lib{c,jpeg,png16,z}.a; do
  [ "$library.stripped" -nt "$library" ] && continue
  "$objcopy" --remove-section=.eh_frame --remove-section=.rela.eh_frame "$library"
  touch "$library.stripped"
done
