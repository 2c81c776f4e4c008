# shellcheck shell=dash
# shellcheck disable=SC2034 # the variables are for the scripts that source this one
# Shared by the checks: cameras that come and go, rf-cam in the background, and counting.
count=0 failed=0
: >/tmp/out
: >/tmp/err
camera=/dev/video0
port=/sys/devices/platform/vhci_hcd.0
sizes="640x480 1280x720"

# Sizes of the network's input: the whole known picture, and a small one where only time counts.
seen=original
small=96

seconds() { cut -d' ' -f1 /proc/uptime; }
# $1 - $2, in hundredths of seconds.
hundredths_since() { awk -v a="$(seconds)" -v b="$1" 'BEGIN {printf "%d", (a - b) * 100}'; }

# check NAME STATUS: counts; prints the messages of rf-cam if it failed.
check() {
  count=$((count + 1))
  if [ "$2" -eq 0 ]; then
    echo "ok $count $1"
  else
    failed=$((failed + 1))
    echo "NOT OK $count $1"
    tail -n 8 /tmp/err | sed 's/^/    err: /'
    tail -n 2 /tmp/out | cut -c1-150 | sed 's/^/    out: /'
  fi
}

finish() {
  echo "ALL-CHECKS $((count - failed))/$count"
  exit "$failed"
}

# within SECONDS COMMAND...: until the command succeeds.
within() {
  local limit=$(($1 * 20))
  shift
  while ! "$@"; do
    limit=$((limit - 1))
    [ $limit -gt 0 ] || return 1
    usleep 50000
  done
}

exists() { [ -e "$1" ]; }
# has_library NAME: in the folder of an architecture, such as /lib/x86_64-linux-gnu.
has_library() {
  set -- /lib/*/"$1"
  [ -e "$1" ]
}
open_files() { find "/proc/$program/fd" -type l | wc -l; }
missing() { [ ! -e "$1" ]; }
lines() { wc -l </tmp/out; }
has_lines() { [ "$(lines)" -ge "$1" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
said() { grep -q "$1" /tmp/err; }

# plug [OPTIONS OF uvcsim]: a USB camera with the known picture.
plug() {
  uvcsim "$@" 640x480:MJPG=/data/640x480.jpg:YUY2=/data/640x480.yuyv 1280x720:MJPG=/data/1280x720.jpg:YUY2=/data/1280x720.yuyv &
  simulator=$!
  within 60 exists "$camera"
}
unplug() {
  kill "$simulator"
  wait "$simulator" 2>/dev/null
}

# vivid as a webcam.
webcam() {
  insmod /modules/vivid.ko n_devs=1 node_types=0x1 num_inputs=1 input_types=0
  within 60 exists "$camera"
}
unload() { within 30 rmmod vivid 2>/dev/null; }
control() { cameractl set "$camera" "$1" "$2"; }

# run OPTIONS...: rf-cam in the background.
run() {
  : >/tmp/out
  : >/tmp/err
  rf-cam --size "$small" --format json "$@" >/tmp/out 2>/tmp/err &
  program=$!
}

# Ends it with Ctrl-C; hundredths of seconds that it took are in `took`.
interrupt() {
  local start
  start=$(seconds)
  kill -INT "$program"
  within 20 gone "$program"
  took=$(hundredths_since "$start")
  wait "$program"
  status=$?
}

# goes_on NAME: more results come.
goes_on() {
  local before
  before=$(lines)
  within 30 has_lines $((before + 3))
  check "$1" $?
}

# statistic NAME: the count that --stats printed.
statistic() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" /tmp/err | head -n 1; }
