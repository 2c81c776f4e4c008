#!/usr/bin/env bash
# Builds a Debian package of rf-cam: program, systemd unit, manual page, completion for bash.
# Usage: Packaging/make-deb.sh [amd64 | arm64 ...]   -> build/rf-cam_VERSION_ARCHITECTURE.deb
# amd64 packages build/rf-cam; arm64 packages the static file of the cross build, without the live page.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(build/rf-cam --version | sed -n '1s/^rf-cam //p')
# The same sources give the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
maintainer=$(git log -1 --format='%an <%ae>')

program_for() {
  case $1 in
    amd64) echo build/rf-cam ;;
    arm64)
      Toolchains/cross.sh aarch64 >&2
      echo build/aarch64/rf-cam
      ;;
    *)
      echo "make-deb: unknown architecture '$1': name amd64 or arm64" >&2
      return 2
      ;;
  esac
}

strip_for() {
  case $1 in
    amd64) strip --strip-unneeded "$2" ;;
    arm64) ;; # linked without symbols
  esac
}

# Prints "libc6 (>= 2.34), libjpeg62-turbo (>= 1.3.1)"; nothing for a static program.
depends_of() {
  local folder
  file --brief "$1" | grep -q 'statically linked' && return 0
  folder=$(mktemp -d)
  mkdir "$folder/debian"
  printf 'Source: rf-cam\n\nPackage: rf-cam\nArchitecture: any\n' >"$folder/debian/control"
  cp "$1" "$folder/rf-cam"
  (cd "$folder" && dpkg-shlibdeps -O ./rf-cam 2>/dev/null | sed 's/^shlibs:Depends=//')
  rm -r "$folder"
}

install_files() {
  local root=$1 program=$2 architecture=$3
  install -D -m 755 "$program" "$root/usr/bin/rf-cam"
  strip_for "$architecture" "$root/usr/bin/rf-cam"
  install -D -m 644 Packaging/rf-cam.service "$root/lib/systemd/system/rf-cam.service"
  install -D -m 644 Packaging/rf-cam.default "$root/etc/default/rf-cam"
  install -D -m 644 Packaging/rf-cam.bash "$root/usr/share/bash-completion/completions/rf-cam"
  install -D -m 644 Packaging/copyright "$root/usr/share/doc/rf-cam/copyright"
  [ ! -f "Packaging/lintian-overrides.$architecture" ] ||
    install -D -m 644 "Packaging/lintian-overrides.$architecture" "$root/usr/share/lintian/overrides/rf-cam"
  install -d "$root/usr/share/man/man1"
  # The host's program prints the options; both are built from the same sources.
  { build/rf-cam --print-manual && cat Packaging/rf-cam.1.end; } | gzip -9n >"$root/usr/share/man/man1/rf-cam.1.gz"
  printf 'rf-cam (%s) unstable; urgency=medium\n\n  * As of commit %s.\n\n -- %s  %s\n' "$version" \
    "$(git log -1 --format=%h)" "$maintainer" "$(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")" |
    gzip -9n >"$root/usr/share/doc/rf-cam/changelog.gz"
}

write_control() {
  local root=$1 architecture=$2 depends=$3
  mkdir -p "$root/DEBIAN"
  {
    printf 'Package: rf-cam\nVersion: %s\nArchitecture: %s\nMaintainer: %s\n' "$version" "$architecture" "$maintainer"
    printf 'Installed-Size: %s\n' "$(du -s -k --apparent-size "$root" | cut -f 1)"
    [ -z "$depends" ] || printf 'Depends: %s\nRecommends: libmicrohttpd12, libv4l-0\n' "$depends"
    printf 'Section: video\nPriority: optional\n'
    cat Packaging/description
    [ -n "$depends" ] || printf ' .\n This build is one static file and has no live page (--preview).\n'
  } >"$root/DEBIAN/control"
  echo /etc/default/rf-cam >"$root/DEBIAN/conffiles"
  install -m 755 Packaging/postinst Packaging/prerm Packaging/postrm "$root/DEBIAN/"
  (cd "$root" && find usr lib etc -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
}

for architecture in "${@:-amd64}"; do
  program=$(program_for "$architecture")
  root=build/deb/$architecture
  rm -rf "$root"
  mkdir -p "$root"
  chmod 755 "$root"
  (
    umask 022
    install_files "$root" "$program" "$architecture"
    write_control "$root" "$architecture" "$(depends_of "$root/usr/bin/rf-cam")"
  )
  package=build/rf-cam_${version}_$architecture.deb
  dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
  echo "$package: $(stat -c %s "$package") bytes"
done
