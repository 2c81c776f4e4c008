#!/usr/bin/env bash
# Makes a sysroot of another processor's Debian packages: C library, compiler's runtime, libjpeg, all to link statically.
# Usage: Toolchains/sysroot.sh ARCHITECTURE   (Debian's names: arm64, armhf)   ->   build/sysroots/ARCHITECTURE
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(libc6-dev libc6 libcrypt-dev linux-libc-dev libgcc-12-dev libgcc-s1 libjpeg62-turbo-dev libjpeg62-turbo)
readonly architecture=${1:?"sysroot: name an architecture: arm64 or armhf"}
exec Toolchains/fetch.sh "$architecture" "build/sysroots/$architecture" "${packages[@]}"
