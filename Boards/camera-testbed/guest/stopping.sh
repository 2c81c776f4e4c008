# Ctrl-C at any time: within a second, with exit status 0 and whole files.

# stops NAME: of three attempts the quickest, for the emulator may be held up; each starts by `prepare`.
stops() {
  local best=9999 attempt
  for attempt in 1 2 3; do
    $2
    interrupt
    [ "$status" -eq 0 ] && [ "$took" -lt "$best" ] && best=$took
    [ "$best" -le 100 ] && break
  done
  [ "$best" -le 100 ]
  check "Ctrl-C $1: ended after $best hundredths of a second" $?
}

while_streaming() {
  rm -rf /tmp/pictures
  run --output /tmp/pictures --camera 640x480@30:MJPG $camera
  within 60 has_lines 5
}
while_starting() {
  run --camera 640x480@30:MJPG $camera
  usleep 200000
}
while_unplugged() {
  : >/tmp/err
  run --camera 640x480@30:MJPG $camera
  within 60 has_lines 2
  unplug
  within 30 said "opening it again"
  sleep 1
}
while_busy() {
  run --camera 640x480@30:MJPG $camera
  within 30 said "in use"
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
  check "Ctrl-C while pictures are written: all are whole ($(ls /tmp/pictures | wc -l))" $?
  stops "while the camera starts" while_starting
  rf-cam $small --format none --camera 640x480@30:MJPG $camera 2>/dev/null &
  local holder=$!
  sleep 2
  stops "while the camera is busy" while_busy
  kill -INT $holder
  wait $holder
  while_unplugged
  interrupt
  [ "$status" -eq 0 ] && [ "$took" -le 100 ]
  check "Ctrl-C while the camera is away: ended after $took hundredths of a second" $?
}
