# Functions shared by build.sh of the boards with Linux: they make an initial RAM disk with init, rf-cam and modules, and a disk
# image of two FAT partitions. They need no root and mount nothing; the same packages give the same bytes.
# shellcheck shell=bash
export SOURCE_DATE_EPOCH=1700000000 TZ=UTC LC_ALL=C

# Prints the version of the only kernel unpacked in ROOT. kernel_version ROOT
kernel_version() { basename "$1"/lib/modules/*; }

# Prints module files in an order in which they can be loaded. ordered_modules ROOT NAME...
ordered_modules() {
  local root=$1 version
  shift
  version=$(kernel_version "$root")
  depmod --basedir "$root" "$version"
  for name in "$@"; do
    modprobe --dirname "$root" --set-version "$version" --show-depends "$name" || return 1
  done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++'
}

# Copies the libraries of dynamic files, under their own names. copy_libraries FOLDER FILE...
copy_libraries() {
  local folder=$1 library
  shift
  ldd "$@" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\t\(\/[^ ]*\) (.*/\1/p' | sort -u | while read -r library; do
    mkdir -p "$folder$(dirname "$library")"
    cp --dereference "$library" "$folder$library"
  done
}

# Builds the first process as one static file. build_init OUT FLAG...   flags: compiler flags for another processor
build_init() {
  local out=$1
  shift
  clang "$@" -fuse-ld=lld -std=gnu2x -Os -D_FORTIFY_SOURCE=3 -Wall -Wextra -Werror -static-pie -s -Wl,-z,now \
    Boards/image/init/*.c -o "$out"
}

# Makes the initial RAM disk. make_initrd OUT ROOT INIT PROGRAM MODULE...
make_initrd() {
  local out=$1 root=$2 init=$3 program=$4 work file
  shift 4
  work=$(mktemp -d)
  mkdir -p "$work"/{bin,lib/modules,dev,proc,sys,tmp,boot,results}
  cp "$init" "$work/init"
  cp "$program" "$work/bin/rf-cam"
    # A dynamic program loads libv4l2 for cameras with rare formats.
  if ldd "$program" >/dev/null 2>&1; then
    file=$(ldconfig -p | sed -n 's/.*libv4l2\.so\.0 .*=> //p' | head -1)
    mkdir -p "$work$(dirname "$file")"
    cp --dereference "$file" "$work$file"
    copy_libraries "$work" "$program" "$file"
  fi
  ordered_modules "$root" "$@" >"$work/files" || return 1
  while read -r file; do
    cp "$file" "$work/lib/modules/"
    echo "/lib/modules/$(basename "$file")"
  done <"$work/files" >"$work/modules.load"
  rm "$work/files"
  pack_initrd "$work" "$out"
  rm -rf "$work"
}

# Packs a folder as a compressed archive for the kernel: fixed times, owners and order. pack_initrd FOLDER OUT
pack_initrd() {
  chmod -R u=rwX,go=rX "$1"
  find "$1" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
  (cd "$1" && find . | sort | cpio --create --format newc --owner 0:0 --reproducible --quiet) | gzip -9n >"$2"
}

# Makes disk images with the same two partitions. make_images FOLDER FILES NAME=PARTITIONS...
#   FOLDER receives the images; FILES are the contents of the boot partition; NAME is an image, PARTITIONS further text of its
#   genimage description, one `partition` per line.
make_images() {
  local folder=$1 files=$2 image work
  shift 2
  work=$(mktemp -d)
  find "$files" -exec touch --date "@$SOURCE_DATE_EPOCH" {} +
  {
    local fat='extraargs = "-F 32 -s 1 --invariant'
    echo "image boot.vfat { vfat { $fat -n RFCAM -i 52464341\" } mountpoint = \"/\" size = 72M }"
    echo "image results.vfat { vfat { $fat -n RFRESULTS -i 52465253\" } empty = true size = 128M }"
    for image in "$@"; do
      echo "image ${image%%=*} {"
      echo '  hdimage { partition-table-type = "mbr" disk-signature = 0x52464341 }'
      echo "${image#*=}"
      echo '  partition boot { partition-type = 0xC bootable = "true" image = "boot.vfat" offset = 16M }'
      echo '  partition results { partition-type = 0xC image = "results.vfat" }'
      echo '}'
    done
  } >"$work/genimage.cfg"
  genimage --config "$work/genimage.cfg" --rootpath "$files" --inputpath "$folder" --outputpath "$folder" \
    --tmppath "$work/tmp" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    return 1
  }
  rm -rf "$work" "$folder"/{boot,results}.vfat
}
