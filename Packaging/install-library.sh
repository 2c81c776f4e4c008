#!/usr/bin/env bash
# Installs the C library: header, libraries, pkg-config file, CMake package. Run `make lib` first.
# Usage: [PREFIX=/usr/local] [LIBDIR=PREFIX/lib] [DESTDIR=] Packaging/install-library.sh [BOARD]
#   LIBDIR: folder of the libraries within PREFIX, such as /usr/lib/x86_64-linux-gnu. DESTDIR: prepended to every folder written.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "install: $1" >&2
  exit 2
}

readonly board=${1:-} prefix=${PREFIX:-/usr/local} header=Sources/CRetinaFace/include/retinaface.h
readonly libdir=${LIBDIR:-$prefix/lib} built=build/${board:+$board/}lib
[[ $prefix == /* && $libdir == "$prefix"/* ]] || fail "PREFIX must be an absolute path, and LIBDIR within it"
[ -e "$built/libretinaface.so.0" ] || fail "$built/libretinaface.so.0 is missing: run make lib${board:+ BOARD=$board}"
version=$(sed -n 's/^#define RETINAFACE_VERSION "\(.*\)"$/\1/p' "$header")
pointer_bytes=8
[ "$board" != armv7 ] || pointer_bytes=4

# Fills in a template: @NAME@ is replaced. Slashes and & in folders must stay as they are.
fill() {
  local text
  text=$(<"Packaging/library/$1.in")
  text=${text//@PREFIX@/"$prefix"}
  text=${text//@LIBDIR@/"$libdir"}
  text=${text//@VERSION@/"$version"}
  text=${text//@POINTER_BYTES@/"$pointer_bytes"}
  text=${text//@INCLUDE_FROM_HERE@/"$include_from_cmake"}
  install -D -m 644 /dev/stdin "${DESTDIR:-}$2/$1" <<<"$text"
}

include_from_cmake=$(realpath --canonicalize-missing --no-symlinks --relative-to="$libdir/cmake/retinaface" "$prefix/include")
install -D -m 644 "$header" "${DESTDIR:-}$prefix/include/retinaface.h"
install -D -m 644 "$built/libretinaface.a" "${DESTDIR:-}$libdir/libretinaface.a"
install -D -m 644 "$built/libretinaface.so.0" "${DESTDIR:-}$libdir/libretinaface.so.0"
ln -sfn libretinaface.so.0 "${DESTDIR:-}$libdir/libretinaface.so"
fill retinaface.pc "$libdir/pkgconfig"
fill retinafaceConfig.cmake "$libdir/cmake/retinaface"
fill retinafaceConfigVersion.cmake "$libdir/cmake/retinaface"
echo "installed libretinaface $version in ${DESTDIR:-}$prefix"
