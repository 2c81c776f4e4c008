# shellcheck shell=dash
# shellcheck disable=SC2154 # library.sh sets what is not set here
# The live page of a camera: its video holds faces, its events name them. Tests/Preview has the rest, without a camera.
url=http://127.0.0.1:8080

has_frames() { [ "$(grep -ac 'Content-Type: image/jpeg' /tmp/video)" -ge "$1" ]; }

preview() {
  local video events
  : >/tmp/video
  plug
  run --preview "${url#http://}" --camera 640x480@30:MJPG "$camera"
  if ! has_library libmicrohttpd.so.12; then
    within 60 said "this build has no live page"
    check "preview: $(head -n 1 /tmp/err)" $?
    wait "$program"
    unplug
    return
  fi
  within 60 said "preview at $url"
  wget -q -O /tmp/video $url/video 2>/dev/null &
  video=$!
  wget -q -O /tmp/events $url/events 2>/dev/null &
  events=$!
  within 60 has_frames 5
  check "preview: video comes" $?
  within 60 grep -q '"faces":\[{' /tmp/events
  check "preview: so do faces" $?
  unplug
  plug
  within 60 has_frames $(($(grep -ac 'Content-Type: image/jpeg' /tmp/video) + 3))
  check "preview: video goes on after the camera was unplugged" $?
  interrupt
  check "preview: Ctrl-C: exit status $status" "$status"
  kill "$video" "$events" 2>/dev/null
  wait "$video" "$events"
  [ "$(rf-cam --size "$small" --frames 1 - </tmp/video 2>/tmp/err | wc -l)" -gt 0 ]
  check "preview: what is shown has faces" $?
  unplug
  within 30 missing "$camera"
}

# People come and leave: the events of a USB camera, with the time of day. A stop makes all leave.
events() {
  local enters
  plug
  run --format events --camera 640x480@30:MJPG "$camera"
  within 60 grep -q '"event":"enter"' /tmp/out
  check "events: a face enters, with the time of day: $(grep -c '"time":"20..-..-..T..:..:..\....Z"' /tmp/out)" $?
  interrupt
  enters=$(grep -c '"event":"enter"' /tmp/out)
  [ "$enters" -gt 0 ] && [ "$(grep -c '"event":"leave"' /tmp/out)" -eq "$enters" ] && ! grep -q '"faces"' /tmp/out
  check "events: all $enters leave at the end: exit status $status" $?
  unplug
  within 30 missing "$camera"
}
