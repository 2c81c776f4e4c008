// rf-cam finds faces in pictures and streams. OptionTable.swift lists its options, module Report formats its results,
// Session.swift is a run. Written in the Embedded subset of Swift: a board gets it as one static program.
import CHost

exit(runProgram())
