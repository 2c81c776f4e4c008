# shellcheck shell=dash
# shellcheck disable=SC2119 # plug without options is meant
# 200 times out and in again, with the memory and the open files of rf-cam before and after.
# shellcheck source=Tests/Cameras/guest/library.sh
. /guest/library.sh
memory() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$program/status"; }
again() {
  local before
  unplug
  within 60 missing "$camera"
  plug
  before=$(lines)
  within 60 has_lines $((before + 2))
}
plug
run --stats --camera 640x480@30:MJPG "$camera"
within 60 has_lines 2
round=0
while [ $round -lt 10 ] && again; do round=$((round + 1)); done
files=$(open_files)
memory=$(memory)
while [ $round -lt 210 ] && again; do
  round=$((round + 1))
  [ $((round % 20)) -eq 10 ] && echo "unplugs: $((round - 10)) after $(seconds) s, $(memory) kB, $(open_files) files"
done
[ $round -eq 210 ]
check "200 unplugs after the first 10" $?
[ "$(open_files)" -eq "$files" ]
check "open files: $files before and after" $?
after=$(memory)
[ "$after" -le $((memory + memory / 50)) ]
check "memory: $memory kB before, $after kB after" $?
interrupt
# Prints what else happened to the camera.
sed '/: Simulated/d; /No such device/d; /not connected/d; /refused a buffer/d; /: back/d; /^frames/,$d' /tmp/err | head -n 8
[ "$(statistic reconnects)" -eq 210 ]
check "counted: $(grep '^frames' /tmp/err)" $?
finish
