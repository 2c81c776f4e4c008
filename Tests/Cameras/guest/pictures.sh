# shellcheck shell=dash
# shellcheck disable=SC2154 # library.sh sets what is not set here
# The known picture through the kernel's devices: what is found must be what is found in the file. The hash is of all that
# the network's heads give, so nothing may differ by a bit.

# (With --output, JPEGs are decoded at their full size, whatever the size of the network's input.)
first_hash() { rf-cam --size "$seen" --output /tmp/annotated --format hash --frames 1 "$@" 2>/tmp/err | cut -d' ' -f1; }
same() { [ -n "$1" ] && [ "$1" = "$2" ]; }

usb_pictures() {
  local size
  for size in $sizes; do
    same "$(first_hash --camera "$size:YUYV" "$camera")" "$(first_hash --raw "yuyv:$size" - <"/data/$size.yuyv")"
    check "$1 YUYV $size: the hash of the raw file" $?
    same "$(first_hash --camera "$size:MJPG" "$camera")" "$(first_hash "/data/$size.jpg")"
    check "$1 MJPG $size: the hash of the JPEG file" $?
  done
}

# A picture goes into vivid's HDMI output, which is looped to its HDMI input.
loop() {
  local width=${1%x*} height=${1#*x}
  cameractl timings /dev/video1 "$width" "$height"
  cameractl timings "$camera" "$width" "$height"
  cameractl output /dev/video1 "$width" "$height" "$2" "$3" &
  writer=$!
  # Before the first picture is there, noise is captured.
  sleep 2
}

looped_pictures() {
  local size
  insmod /modules/vivid.ko n_devs=1 node_types=0x101 num_inputs=1 input_types=3 num_outputs=1 output_types=1
  within 60 exists /dev/video1
  control "OSD Text Mode" 2
  # Linux 6.1 has the first control, later ones the second.
  control "Loop Video" 1 2>/dev/null || control "HDMI 000-0 Is Connected To" 2
  for size in $sizes; do
    loop "$size" NV12 "/data/$size.nv12"
    same "$(first_hash --camera "$size:NV12" "$camera")" "$(first_hash --raw "nv12:$size" - <"/data/$size.nv12")"
    check "vivid NV12 $size: the hash of the raw file" $?
    kill $writer
    wait $writer 2>/dev/null
  done
  unload
}

# A camera of one rare format. A program that can load libv4l2 has it converted and finds as many faces; a static one says
# what is missing.
bayer_picture() {
  local expected
  uvcsim 640x480:BA81=/data/640x480.bayer &
  # shellcheck disable=SC2034 # unplug of library.sh uses it
  simulator=$!
  within 60 exists "$camera"
  rf-cam --frames 1 "$camera" >/tmp/out 2>/tmp/err
  if has_library libv4l2.so.0; then
    expected=$(rf-cam -q /data/640x480.jpg | wc -l)
    said "converted by libv4l2" && [ "$expected" -gt 0 ] && has_lines "$expected" && ! has_lines $((expected + 1))
    check "Bayer by libv4l2: $(lines) faces, as in the file" $?
  else
    said "has no readable format (it has BA81)"
    check "Bayer without libv4l2: refused with its name" $?
  fi
  unplug
  within 30 missing "$camera"
}

devices_are_listed() {
  rf-cam --list-devices >/tmp/out 2>/tmp/err
  grep -q "^$camera: Simulated camera" /tmp/out && grep -q 'MJPG  640x480@30,15,10,5  1280x720@30,15,10,5' /tmp/out &&
    [ "$(grep -c '^/dev' /tmp/out)" -eq 1 ]
  check "--list-devices: the camera with its formats, and not its metadata node" $?
}

pictures() {
  plug
  devices_are_listed
  usb_pictures bulk
  unplug
  within 30 missing "$camera"
  bayer_picture
  looped_pictures
}
