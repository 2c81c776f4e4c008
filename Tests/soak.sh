#!/usr/bin/env bash
# A long run at full rate: a looped stream of photographs, a viewer of the live page who comes and goes, and a sample of
# memory every few seconds. Memory of its own (RssAnon in proc(5): what the kernel keeps of files comes and goes) must stay
# flat: within 1 % over the last two thirds of the run.
# Usage: Tests/soak.sh [MINUTES]   (30)   RF_CAM=build/rf-cam is the program; samples go to build/soak/memory.csv
set -euo pipefail
cd "$(dirname "$0")/.."

readonly minutes=${1:-30} program=${RF_CAM:-build/rf-cam} folder=build/soak
readonly period=5 most_permille=10
[[ $minutes =~ ^[1-9][0-9]*$ ]] || { echo "soak: '$minutes' is no number of minutes" >&2; exit 2; }
[ -x "$program" ] || { echo "soak: $program is missing: make build, or name it in RF_CAM" >&2; exit 1; }
mkdir -p "$folder"
rm -f "$folder"/stream
mkfifo "$folder/stream"

# Group, group, ... and now and then a frame of another size, for which the detector is created again.
feed() {
  local group=Tests/Fixtures/pictures/group.jpg other=Tests/Fixtures/pictures/astronaut.jpg hundred=()
  for ((i = 0; i < 99; i++)); do hundred+=("$group"); done
  while cat "${hundred[@]}" "$other"; do :; done
}

# Looks for 20 s, is away for 10.
view() {
  command -v curl >/dev/null || { echo "soak: no curl, so nobody looks at the live page"; return 0; }
  while curl --silent --max-time 20 --output /dev/null "$1/video" || [ $? -eq 28 ]; do sleep 10; done
}

"$program" --format none --stats --smooth --preview 127.0.0.1:0 "$folder/stream" 2>"$folder/errors.txt" &
readonly camera=$!
feed >"$folder/stream" 2>/dev/null &
readonly feeder=$!
url=
while [ -z "$url" ]; do
  kill -0 "$camera" 2>/dev/null || { cat "$folder/errors.txt" >&2; exit 1; }
  sleep 0.2
  url=$(sed -n 's/^preview at \(.*\)\/$/\1/p' "$folder/errors.txt")
done
view "$url" 2>/dev/null &
readonly viewer=$!
trap 'kill "$camera" "$feeder" "$viewer" 2>/dev/null || true' EXIT

# Resident memory with that of files, memory of its own, open descriptors.
sample() {
  awk -v seconds="$SECONDS" -v files="$(find "/proc/$camera/fd" -type l | wc -l)" \
    '/^VmRSS/ { total = $2 } /^RssAnon/ { own = $2 } END { print seconds "," total "," own "," files }' "/proc/$camera/status"
}

SECONDS=0
echo "seconds,resident_kB,own_kB,descriptors" >"$folder/memory.csv"
while [ "$SECONDS" -lt $((60 * minutes)) ]; do
  sleep "$period"
  kill -0 "$camera" 2>/dev/null || { echo "soak: the program ended after $SECONDS s" >&2; cat "$folder/errors.txt" >&2; exit 1; }
  sample >>"$folder/memory.csv"
done

kill -INT "$camera"
status=0
wait "$camera" || status=$?
cat "$folder/errors.txt"
echo "exit status $status"
awk -F , -v from=$((20 * minutes)) -v limit="$most_permille" -v status="$status" -v period="$period" '
  NR == 2 { first = $3 }
  NR > 1 && $1 >= from {
    if (!count++ || $3 < least) least = $3
    if ($3 > most) most = $3
    if ($2 > resident) resident = $2
    if ($4 > descriptors) descriptors = $4
  }
  END {
    spread = 1000 * (most - least) / least
    printf "memory of its own: %.2f MB after %d s, %.2f to %.2f MB in the last two thirds (%.2f %%); resident at most %.1f MB; ",
      first / 1e3, period, least / 1e3, most / 1e3, spread / 10, resident / 1e3
    printf "at most %d descriptors\n", descriptors
    if (spread > limit || status) { print "soak: failed: memory is not flat, or the run did not end well"; exit 1 }
    print "soak: passed"
  }' "$folder/memory.csv"
