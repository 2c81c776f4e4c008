# shellcheck shell=dash
# shellcheck disable=SC2154 # library.sh sets what is not set here
# Every row of the table of faults (../README.md): rf-cam goes on or comes back, says so, and keeps what it had.

# came_back NAME: a new result within 5 s from now.
came_back() {
  local before start took
  before=$(lines)
  start=$(seconds)
  within 60 has_lines $((before + 1))
  took=$(hundredths_since "$start")
  [ "$(lines)" -gt "$before" ] && [ "$took" -le 500 ]
  check "$1: back after $took hundredths of a second" $?
}

# told NAME PATTERN: rf-cam says so within a while.
told() {
  within 40 said "$2"
  check "$1: told" $?
}

# Every line is a whole one, and frames are in order.
results_are_whole() {
  ! grep -qv '^{"source":.*}$' /tmp/out &&
    sed 's/.*"frame":\([0-9]*\).*/\1/' /tmp/out | awk 'NR > 1 && $1 <= last {bad = 1} {last = $1} END {exit bad}'
  check "$1: every result is whole and in its order" $?
}

started() {
  within 60 has_lines 2
  check "$1: results come" $?
}

webcam_faults() {
  webcam
  control "Inject VIDIOC_REQBUFS Error" 1
  run --stats --camera 640x480@15:YUYV "$camera"
  started "VIDIOC_REQBUFS fails once"
  control "Inject V4L2_BUF_FLAG_ERROR" 1
  told "V4L2_BUF_FLAG_ERROR" "skipped: the driver flags it as damaged"
  goes_on "V4L2_BUF_FLAG_ERROR: goes on"
  control "Percentage of Dropped Buffers" 60
  goes_on "60 % of the buffers dropped: goes on"
  control "Percentage of Dropped Buffers" 100
  told "all buffers dropped" "no frame for"
  control "Percentage of Dropped Buffers" 0
  came_back "all buffers dropped"
  control "Inject VIDIOC_QBUF Error" 1
  told "VIDIOC_QBUF fails once" "refused a buffer"
  goes_on "VIDIOC_QBUF fails once: goes on"
  control "Inject Fatal Streaming Error" 1
  told "fatal streaming error" "Input/output error"
  goes_on "fatal streaming error: opened again"
  disappearances
  interrupt
  check "Ctrl-C after all that: exit status $status" "$status"
  [ "$(statistic dropped)" -gt 0 ] && [ "$(statistic skipped)" -gt 0 ] && [ "$(statistic reconnects)" -ge 4 ]
  check "counted: $(grep '^frames' /tmp/err)" $?
  results_are_whole "vivid"
  # After the disconnect it has another number.
  unload
  webcam
  streamon_error
  unload
}

# The driver lets go of the device; and vivid's own idea of a disconnected one, whose node stays.
disappearances() {
  local driver=/sys/bus/platform/drivers/vivid
  : >/tmp/err
  echo vivid.0 >$driver/unbind
  told "driver unbound" "No such device"
  echo vivid.0 >$driver/bind
  came_back "driver unbound"
  : >/tmp/err
  control "Disconnect" 1
  told "disconnected" "No such device"
  echo vivid.0 >$driver/unbind
  echo vivid.0 >$driver/bind
  came_back "disconnected"
}

streamon_error() {
  control "Inject VIDIOC_STREAMON Error" 1
  run --camera 640x480@15:YUYV "$camera"
  started "VIDIOC_STREAMON fails once"
  second_program
  interrupt
}

# Two of them on one camera: the second says who has it, and takes over when it is free.
second_program() {
  local first=$program
  : >/tmp/err2
  rf-cam --size "$small" --format json --camera 640x480@15:YUYV "$camera" >/tmp/out2 2>/tmp/err2 &
  local second=$!
  within 30 grep -q "in use by rf-cam (process $first); waiting" /tmp/err2
  check "a busy camera: $(head -n 1 /tmp/err2)" $?
  interrupt
  within 60 grep -q frame /tmp/out2
  check "a busy camera: taken when it is free" $?
  program=$second
}

usb_faults() {
  local mode
  for mode in "" -i; do
    plug ${mode:+"$mode"}
    run --camera 640x480@30:MJPG "$camera"
    started "USB ${mode:-bulk}"
    unplugged "USB ${mode:-bulk}" "$mode"
    interrupt
    results_are_whole "USB ${mode:-bulk}"
    unplug
    within 30 missing "$camera"
  done
}

# unplugged NAME OPTIONS: out and in again, a few times, and nothing leaks. The 200 times are in unplugs.sh.
unplugged() {
  local files
  files=$(open_files)
  for _ in 1 2 3; do
    : >/tmp/err
    unplug
    told "$1 unplugged" "No such device"
    plug ${2:+"$2"}
    came_back "$1 plugged in again"
  done
  [ "$(open_files)" -eq "$files" ]
  check "$1: as many open files as before ($files)" $?
}

# Another program keeps the old node open, so that the camera gets a new number.
renumbered() {
  plug
  run --camera 640x480@30:MJPG "$camera"
  started "USB"
  exec 9<"$camera"
  unplug
  told "USB unplugged, old node kept open by another" "No such device"
  uvcsim 640x480:MJPG=/data/640x480.jpg &
  # shellcheck disable=SC2034 # unplug of library.sh uses it
  simulator=$!
  within 40 said "back as /dev/video"
  check "under another number: $(grep 'back as' /tmp/err)" $?
  goes_on "under another number: goes on"
  interrupt
  unplug
  exec 9<&-
  within 30 missing "$camera"
}

# bad_pictures NAME PATTERN FORMAT OPTION: every third one is no good.
bad_pictures() {
  plug "$4" 3
  run --stats --camera "640x480@30:$3" "$camera"
  told "$1" "$2"
  goes_on "$1: goes on"
  interrupt
  [ "$(statistic skipped)" -gt 0 ] && [ "$(statistic reconnects)" -eq 0 ]
  check "$1: counted: $(grep '^frames' /tmp/err)" $?
  unplug
  within 30 missing "$camera"
}

hanging() {
  plug -h 20
  run --camera 640x480@30:MJPG "$camera"
  started "USB"
  told "the camera hangs" "no frame for"
  came_back "the camera hangs, until it is opened again"
  interrupt
  unplug
  within 30 missing "$camera"
}

more_usb_faults() {
  renumbered
  hanging
  bad_pictures "truncated JPEGs" "skipped: it is" MJPG -t
  # Without this, uvcvideo keeps such frames for itself.
  echo 1 >/sys/module/uvcvideo/parameters/nodrop
  bad_pictures "pictures with the error bit" "skipped: the driver flags it as damaged" MJPG -e
  bad_pictures "short pictures" "skipped: " YUYV -s
  echo 0 >/sys/module/uvcvideo/parameters/nodrop
}

faults() {
  webcam_faults
  usb_faults
  more_usb_faults
}
