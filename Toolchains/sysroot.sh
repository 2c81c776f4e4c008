#!/usr/bin/env bash
# Makes a sysroot from Debian packages of any processor: C library, compiler runtime, libjpeg; the header of libmicrohttpd, which
# dynamic programs load on demand.
# Usage: Toolchains/sysroot.sh ARCHITECTURE   (Debian's names: amd64, arm64, armhf)   ->   build/sysroots/ARCHITECTURE
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(libc6-dev libc6 libcrypt-dev linux-libc-dev libgcc-12-dev libgcc-s1 libjpeg62-turbo-dev libmicrohttpd-dev)
readonly architecture=${1:?"sysroot: name an architecture: amd64, arm64 or armhf"}
readonly sysroot=build/sysroots/$architecture
Toolchains/fetch.sh "$architecture" "$sysroot" "${packages[@]}"

# Without its shared library, libjpeg is linked statically into dynamic programs, too.
rm -f "$sysroot"/usr/lib/*/libjpeg.so
# Static programs contain the unwind tables of these libraries (80 kB), which nothing reads: Swift has no exceptions.
objcopy=$(dirname "$(readlink -f "$(command -v swift)")")/llvm-objcopy
for library in "$sysroot"/usr/lib/*/libc.a "$sysroot"/usr/lib/*/libjpeg.a; do
  [ "$library.stripped" -nt "$library" ] && continue
  "$objcopy" --remove-section=.eh_frame --remove-section=.rela.eh_frame "$library"
  touch "$library.stripped"
done
