// rf-check: the checks of the kernel table and the hashes of a whole network's layers, as a program. Embedded Swift has no
// Swift Testing, so this is what runs on ARM; the same program on the host says what the hashes have to be.
import CHost

exit(runCheck())
