#!/usr/bin/env bash
# Builds the Debian packages of the C library: libretinaface0 (shared library) and libretinaface-dev (header, static library,
# pkg-config and CMake files).
# Usage: Packaging/make-library-deb.sh [amd64 | arm64 | armhf ...]   -> build/libretinaface{0,-dev}_VERSION_ARCHITECTURE.deb
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=Packaging/deb.sh
. Packaging/deb.sh

triplet_of() {
  case $1 in
    amd64) echo x86_64-linux-gnu ;;
    arm64) echo aarch64-linux-gnu ;;
    armhf) echo arm-linux-gnueabihf ;;
  esac
}

# Writes the package of the shared library; it takes the library out of the folder in which everything is installed.
make_shared() {
  local installed=$1 root=$2 architecture=$3 libdir=$4 depends
  install -D -m 644 "$installed$libdir/libretinaface.so.0" "$root$libdir/libretinaface.so.0"
  rm "$installed$libdir/libretinaface.so.0"
  install_documents "$root" libretinaface0
  depends=$(depends_of "$root$libdir/libretinaface.so.0")
  mkdir -p "$root/DEBIAN"
  {
    control_head "$root" libretinaface0 "$architecture" libs
    printf 'Multi-Arch: same\nDepends: %s\n' "$depends"
    cat Packaging/description.library
    printf ' .\n This package contains the shared library.\n'
  } >"$root/DEBIAN/control"
  echo "libretinaface 0 libretinaface0 (>= $version)" >"$root/DEBIAN/shlibs"
  echo 'activate-noawait ldconfig' >"$root/DEBIAN/triggers"
}

make_development() {
  local root=$1 architecture=$2
  install_documents "$root" libretinaface-dev
  mkdir -p "$root/DEBIAN"
  {
    control_head "$root" libretinaface-dev "$architecture" libdevel
    printf 'Multi-Arch: same\nDepends: libretinaface0 (= %s)\n' "$version"
    cat Packaging/description.library
    printf ' .\n This package contains what programs are built with: header, static library,\n'
    printf ' pkg-config file and CMake package.\n'
  } >"$root/DEBIAN/control"
}

for architecture in "${@:-amd64}"; do
  board=$(lib_board_of "$architecture")
  Toolchains/lib.sh "$board" >&2
  libdir=/usr/lib/$(triplet_of "$architecture")
  shared=build/deb/libretinaface0-$architecture development=build/deb/libretinaface-dev-$architecture
  rm -rf "$shared" "$development"
  mkdir -p "$shared"
  PREFIX=/usr LIBDIR=$libdir DESTDIR=$development Packaging/install-library.sh "$board" >&2
  make_shared "$development" "$shared" "$architecture" "$libdir"
  make_development "$development" "$architecture"
  build_package "$shared" "build/libretinaface0_${version}_$architecture.deb"
  build_package "$development" "build/libretinaface-dev_${version}_$architecture.deb"
done
