# shellcheck shell=dash
# shellcheck disable=SC2154 # library.sh sets what is not set here
# A network that takes three frame times: results are no older than 4.5, and what was not looked at is counted.

rate=10
frame=$((1000 / rate))
limit=$((frame * 9 / 2))

# Prints the median time per frame, whole milliseconds.
cost_told() { awk '/^(convert|network|decode)/ {sum += $2} END {printf "%d", sum}' /tmp/err; }

# follow SIZE FRAMES: the camera at an input size.
follow() {
  rf-cam --size "$1" --format json --frames "$2" --stats --camera 640x480@$rate:YUYV "$camera" >/tmp/out 2>/tmp/err
  cost=$(cost_told)
}

# The size at which a frame costs 2.9 frame times: cost grows with the number of pixels. (busybox's awk has no roots, so this
# one is Newton's.)
better_size() {
  awk -v size="$1" -v cost="$2" -v wanted=$((frame * 29 / 10)) 'BEGIN {
    factor = wanted / (cost > 0 ? cost : 1)
    if (factor > 16) factor = 16
    root = 1
    for (i = 0; i < 20; i++) root = (root + factor / root) / 2
    printf "%d", size * root
  }'
}

# Largest of the latencies, in whole milliseconds, but for the first frame's, before which memory is got.
largest_latency() { sed 's/.*"latency_ms":\([0-9]*\).*/\1/' /tmp/out | tail -n +2 | sort -n | tail -n 1; }

is_right() { [ "$cost" -ge $((frame * 5 / 2)) ] && [ "$cost" -le $((frame * 7 / 2)) ] && [ "$largest" -le $limit ]; }

# The time per frame is not quite proportional to its pixels: one or two attempts to meet three frame times.
latency() {
  local size=320 largest cost dropped
  webcam
  follow $size 4
  for _ in 1 2 3; do
    size=$(better_size "$size" "$cost")
    follow "$size" 8
    largest=$(largest_latency)
    dropped=$(statistic dropped)
    echo "latency: a frame every $frame ms costs $cost ms: at most $largest ms from the driver's timestamp; $dropped dropped"
    is_right && break
  done
  is_right
  check "latency: $largest ms of $limit" $?
  # Two of three frames are dropped.
  [ "$dropped" -ge 10 ]
  check "latency: $dropped frames dropped and counted" $?
  unload
}
