# Every check of the testbed, in the guest. Ends with ALL-CHECKS n/n: a guest that dies says nothing, and that is a failure.
. /guest/library.sh
. /guest/pictures.sh
. /guest/faults.sh
. /guest/latency.sh
. /guest/stopping.sh
pictures
faults
latency
stopping
finish
