// Writing files and folders, whole or not at all.
import CHost

/// Makes the folder and those above it.
func makeFolder(_ path: FileName) throws(ProgramError) {
  try check(withCString(path) { rf_folder_make($0) }, "make the folder", path)
}

/// The old file or the whole new one is there at any time. 0, or an errno made negative.
func tryToReplaceFile(_ path: FileName, with bytes: UnsafeRawBufferPointer) -> Int32 {
  withCString(path) { rf_file_replace($0, bytes.baseAddress, bytes.count) }
}

/// Throws where a call answered with an errno made negative.
func check(_ result: Int32, _ action: StaticString, _ path: FileName) throws(ProgramError) {
  if result < 0 { throw .file(action: action, path: String(fileName: path), number: -result) }
}

/// Whether both names lead to one file.
func isSameFile(_ a: FileName, _ b: FileName) -> Bool {
  var first = stat(), second = stat()
  guard withCString(a, { stat($0, &first) }) == 0, withCString(b, { stat($0, &second) }) == 0 else { return false }
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino
}

/// The name with the zero at its end that C wants.
func withCString<R>(_ name: FileName, _ body: (UnsafePointer<CChar>) -> R) -> R {
  (name + [0]).withUnsafeBufferPointer { bytes in
    bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
  }
}
