// rf-cam finds faces in pictures and streams. What it takes is in OptionTable.swift, what it gives in ResultWriter.swift,
// the course of a run in Session.swift. Written in the Embedded subset of Swift: a board gets it as one static program.
import CHost

exit(runProgram())
