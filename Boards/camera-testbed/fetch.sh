#!/usr/bin/env bash
# Gets Debian's current kernel and a static busybox of an architecture, without installing them: from the package sources that
# this machine has, through an apt root of its own, so that neither foreign architectures nor indices change here.
# Usage: fetch.sh amd64 or arm64. Leaves vmlinuz, busybox, and modules/ with modules.order in build/camera-testbed/ARCH.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly arch=$1 work=$PWD/build/camera-testbed
readonly target=$work/$arch
# vivid: the kernel's virtual video device; vhci-hcd: USB devices made in user space; uvcvideo: the driver of USB cameras.
readonly wanted=(vivid vhci-hcd uvcvideo)

[ -e "$target/modules/modules.order" ] && exit 0
readonly apt=$work/apt-$arch
mkdir -p "$apt"/{state/lists/partial,cache/archives/partial} "$target"
: >"$apt/state/status"
cat >"$apt/apt.conf" <<END
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
END
export APT_CONFIG=$apt/apt.conf
# One list of several may be out of step with its mirror: what matters is whether the packages can be had.
apt-get update -qq || echo "camera-testbed: not all package lists could be read; going on with those that could" >&2

cd "$target"
package=$(apt-cache depends "linux-image-$arch" | sed -n 's/.*Depends: \(linux-image-[0-9][^:]*\).*/\1/p' | head -1)
version=${package#linux-image-}
apt-get -qq download "$package" busybox-static
dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x --wildcards './boot/vmlinuz-*' './lib/modules/*'
dpkg-deb --fsys-tarfile busybox-static_*.deb | tar -x --transform 's,.*/,,' ./bin/busybox
rm ./*.deb
mv boot/vmlinuz-* vmlinuz
depmod -b . "$version"

# The modules in an order in which each finds what it needs.
mkdir -p modules
for module in "${wanted[@]}"; do
  modprobe -d . -S "$version" --show-depends "$module" | awk '$1 == "insmod" {print $2}'
done | awk '!seen[$0]++' >order
while read -r file; do
  name=$(basename "$file")
  cp "$file" modules/
  case $name in *.xz) xz -d "modules/$name" ;; esac
  echo "${name%.xz}"
done <order >order.names
rm -rf boot lib order
mv order.names modules/modules.order
echo "camera-testbed: Debian's kernel $version for $arch"
