# shellcheck shell=dash
# Every check of the testbed, in the guest, or one section of them. Ends with ALL-CHECKS n/n: a guest that dies says nothing,
# and that is a failure.
# shellcheck source=Tests/Cameras/guest/library.sh
. /guest/library.sh
# shellcheck source=Tests/Cameras/guest/pictures.sh
. /guest/pictures.sh
# shellcheck source=Tests/Cameras/guest/faults.sh
. /guest/faults.sh
# shellcheck source=Tests/Cameras/guest/latency.sh
. /guest/latency.sh
# shellcheck source=Tests/Cameras/guest/preview.sh
. /guest/preview.sh
# shellcheck source=Tests/Cameras/guest/stopping.sh
. /guest/stopping.sh
[ "$1" = checks ] && set -- pictures faults latency preview events stopping
for section; do
  started=$(seconds)
  "$section"
  echo "$section: $(hundredths_since "$started") hundredths of a second"
done
finish
