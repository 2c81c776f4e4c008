# Every check of the testbed, in the guest, or one section of them. Ends with ALL-CHECKS n/n: a guest that dies says nothing,
# and that is a failure.
. /guest/library.sh
. /guest/pictures.sh
. /guest/faults.sh
. /guest/latency.sh
. /guest/preview.sh
. /guest/stopping.sh
[ "$1" = checks ] && set -- pictures faults latency preview stopping
for section; do
  started=$(seconds)
  "$section"
  echo "$section: $(hundredths_since "$started") hundredths of a second"
done
finish
