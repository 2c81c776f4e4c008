#!/usr/bin/env bash
# Boots Debian's kernel in QEMU and runs checks there. Succeeds where they end with ALL-CHECKS n/n.
# The guest's clock counts its instructions, 4 ns each, and jumps to the next timer where nothing is to be done: deadlines
# mean the same on a machine that is slow, busy or stopped for a while, and no test waits for a guest that sleeps.
# Usage: run.sh amd64 or arm64, PROGRAM [WHAT [SECONDS (1800)]]
#   WHAT: checks (all but the last), pictures, faults, latency, preview, events, stopping, unplugs
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly arch=$1 program=$2 script=${3:-checks} limit=${4:-1800}
readonly here=Tests/Cameras folder=build/cameras/$1
readonly log=$folder/$script.log

"$here/fetch.sh" "$arch"
"$here/initrd.sh" "$arch" "$program"
case $arch in
  # Emulated whatever the machine is: in a container there is no KVM, and times must not depend on it.
  amd64) qemu=(qemu-system-x86_64 -M q35 -cpu max) console=ttyS0 ;;
  arm64) qemu=(qemu-system-aarch64 -M virt -cpu cortex-a72) console=ttyAMA0 ;;
esac
started=$SECONDS
timeout "$limit" "${qemu[@]}" -accel tcg -icount shift=2,sleep=off -m 768 -nodefaults -display none -no-reboot -serial stdio \
  -kernel "$folder/vmlinuz" -initrd "$folder/initrd.gz" \
  -append "console=$console loglevel=3 panic=-1 rf.script=$script" </dev/null 2>&1 | sed -u 's,\r$,,' | tee "$log" | grep -a --line-buffered -v '^\['
result=$(sed -n 's/^ALL-CHECKS //p' "$log")
echo "cameras: $arch $script: ${result:-no end within $limit s} in $((SECONDS - started)) s"
[ -n "$result" ] && [ "${result%/*}" -eq "${result#*/}" ] && [ "${result#*/}" -gt 0 ]
