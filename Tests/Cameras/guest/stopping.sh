# shellcheck shell=dash
# shellcheck disable=SC2154 # library.sh sets what is not set here
# Ctrl-C at any time: within a second, with exit status 0 and whole files.

# stops NAME COMMAND: the command starts rf-cam and waits until it is where it is to be stopped.
stops() {
  local is_there
  $2
  is_there=$?
  interrupt
  [ $is_there -eq 0 ] && [ "$status" -eq 0 ] && [ "$took" -le 100 ]
  check "Ctrl-C $1: ended after $took hundredths of a second" $?
}

while_streaming() {
  rm -rf /tmp/pictures
  run --output /tmp/pictures --camera 640x480@30:MJPG "$camera"
  within 60 has_lines 5
}
# while_starting MICROSECONDS
while_starting() {
  run --camera 640x480@30:MJPG "$camera"
  usleep "$1"
}
while_busy() {
  run --camera 640x480@30:MJPG "$camera"
  within 60 said "in use"
}
while_unplugged() {
  run --camera 640x480@30:MJPG "$camera"
  within 60 has_lines 2 || return 1
  unplug
  within 60 said "opening it again" || return 1
  sleep 1
}

# Each JPEG ends as JPEGs do, and there are no others.
pictures_are_whole() {
  local file bad=0
  for file in /tmp/pictures/*; do
    case $file in *.jpg) ;; *) bad=1 ;; esac
    [ "$(tail -c 2 "$file" | hexdump -e '"%x"')" = d9ff ] || bad=1
  done
  [ -e "$file" ] && return $bad
}

stopping() {
  plug
  stops "while frames come" while_streaming
  pictures_are_whole
  check "Ctrl-C while pictures are written: all are whole ($(find /tmp/pictures -type f | wc -l))" $?
  local delay
  for delay in 20000 50000 100000 200000 400000; do
    stops "$delay us after the start" "while_starting $delay"
  done
  rf-cam --size "$small" --format json --camera 640x480@30:MJPG "$camera" >/tmp/out2 2>/dev/null &
  local holder=$!
  within 60 grep -q frame /tmp/out2
  stops "while the camera is busy" while_busy
  kill -INT $holder
  wait $holder
  stops "while the camera is away" while_unplugged
}
