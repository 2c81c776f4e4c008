# shellcheck shell=bash
# Functions for scripts that make Debian packages and archives: source this file in the root of the project. The same commit
# gives the same bytes: times are the commit's, owners are root, orders are fixed.

# The version stands in one place.
version=$(sed -n 's/^let version: StaticString = "\(.*\)"$/\1/p' Sources/rf-cam/Options/Help.swift)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
maintainer=$(git log -1 --format='%an <%ae>')
umask 022

# Prints the board of Toolchains/lib.sh for a processor. lib_board_of amd64|arm64|armhf
lib_board_of() {
  case $1 in
    amd64) ;;
    arm64) echo aarch64 ;;
    armhf) echo armv7 ;;
    *)
      echo "packaging: unknown architecture '$1': name amd64, arm64 or armhf" >&2
      return 2
      ;;
  esac
}

# Prints the dependency on the C library, such as "libc6 (>= 2.34)", from the versions of symbols that a program or library
# needs. Fails if it needs any other library.
depends_of() {
  local needed
  needed=$(readelf --wide --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -v -E '^(libc\.so\.6|libm\.so\.6|libpthread\.so\.0|ld-linux.*)$' || true)
  if [ -n "$needed" ]; then
    echo "packaging: $1 needs $needed: only the C library may be linked dynamically" >&2
    return 1
  fi
  echo "libc6 (>= $(readelf --wide --version-info "$1" | grep -o 'GLIBC_[0-9.]*' | sort -V | tail -1 | cut -d _ -f 2))"
}

# The manual page: the host's program prints the options, which are those of every build.
manual_page() { build/rf-cam --print-manual && cat Packaging/rf-cam.1.end; }

# Copies the licences of the Debian packages of which a program contains parts; libgcc's exception demands none.
# install_licences FOLDER BOARD ARCHITECTURE
install_licences() {
  local package names text sysroot=build/sysroots/$3
  names=$(python3 Packaging/parts.py "build/$2/rf-cam.map" "$sysroot")
  for package in $names; do
    [ "$package" != libgcc-12-dev ] || continue
    install -D -m 644 "$sysroot/usr/share/doc/$package/copyright" "$1/$package.copyright"
    text=/usr/share/common-licenses/LGPL-2.1
    [ "$package" != libc6-dev ] || install -m 644 "$text" "$1/"
  done
}

# Writes copyright and changelog of a package. install_documents ROOT PACKAGE
install_documents() {
  install -D -m 644 Packaging/copyright "$1/usr/share/doc/$2/copyright"
  printf '%s (%s) unstable; urgency=medium\n\n  * As of commit %s; CHANGELOG.md lists the changes.\n\n -- %s  %s\n' "$2" "$version" \
    "$(git log -1 --format=%h)" "$maintainer" "$(LC_ALL=C date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")" |
    gzip -9n >"$1/usr/share/doc/$2/changelog.gz"
}

# Prints the first fields of DEBIAN/control. control_head ROOT PACKAGE ARCHITECTURE SECTION
control_head() {
  printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: %s\n' "$2" "$version" "$3" "$maintainer"
  printf 'Installed-Size: %s\nSection: %s\nPriority: optional\n' "$(du -s -k --apparent-size "$1" | cut -f 1)" "$4"
}

# Adds the checksums and builds the package of a tree with DEBIAN/control. build_package ROOT FILE
build_package() {
  (cd "$1" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$1/DEBIAN/md5sums"
  dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$1" "$2" >/dev/null
  echo "$2: $(stat -c %s "$2") bytes"
}
