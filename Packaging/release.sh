#!/usr/bin/env bash
# Makes everything that a release consists of, in build/release: archives, Debian packages, wheels, a list of the software inside
# (SPDX), the list of changes and SHA256SUMS. Publishes nothing. Usage: Packaging/release.sh
# The same commit and the same versions of compiler and Debian packages give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=Packaging/deb.sh
. Packaging/deb.sh

readonly out=build/release
if [ -n "$(git status --porcelain --untracked-files=no)" ]; then
  echo "release: changed files are not committed: the packages would not be those of commit $(git log -1 --format=%h)" >&2
  exit 1
fi
rm -rf "$out"
mkdir -p "$out"
Packaging/make-tarball.sh x86_64 aarch64 armv7
Packaging/make-deb.sh amd64 arm64 armhf
Packaging/make-library-deb.sh amd64 arm64 armhf
for board in x86-64 aarch64; do
  Toolchains/wheel.sh "$board"
  cp "build/wheels/rf_cam-$version-py3-none-manylinux_2_17_${board/-/_}.whl" "$out/"
done
cp build/rf-cam-"$version"-linux-{x86_64,aarch64,armv7}.tar.xz "$out/"
for architecture in amd64 arm64 armhf; do cp build/{rf-cam,libretinaface0,libretinaface-dev}_"${version}_$architecture.deb" "$out/"; done
cp CHANGELOG.md "$out/"
python3 Packaging/sbom.py "$version" "$out" >build/sbom.json
mv build/sbom.json "$out/rf-cam-$version.spdx.json"
(cd "$out" && sha256sum -- * >SHA256SUMS)
cat "$out/SHA256SUMS"
