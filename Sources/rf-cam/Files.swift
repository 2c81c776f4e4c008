// Reading and writing files and folders by name.
import CHost

/// Makes the folder and those above it.
func makeFolder(_ path: FileName) throws(ProgramError) {
  try check(withCString(path) { rf_folder_make($0) }, "make the folder", path)
}

/// Writes a file whole or not at all. 0, or an errno made negative.
/// - Parameters:
///   - replaced: the file that is replaced, if it is still the one there; nil: the file must be new (EEXIST).
///   - isDurable: it survives a power cut from now on.
func publishFile(_ path: FileName, _ bytes: UnsafeRawBufferPointer, replacing replaced: rf_file_info?, isDurable: Bool) -> Int32 {
  withCString(path) { path in
    guard var replaced else { return rf_file_publish(path, bytes.baseAddress, bytes.count, nil, isDurable ? 1 : 0) }
    return rf_file_publish(path, bytes.baseAddress, bytes.count, &replaced, isDurable ? 1 : 0)
  }
}

/// The beginning of a file, at most so many bytes; empty where it cannot be read or is another than `info` says.
func firstBytes(of path: FileName, _ info: rf_file_info, most: Int) -> [UInt8] {
  let file = withCString(path) { rf_file_open($0) }
  guard file >= 0 else { return [] }
  defer { close(file) }
  var open = rf_file_info()
  guard rf_file_look_open(file, &open) == 0, open.kind == RF_FILE_REGULAR, open.device == info.device,
        open.inode == info.inode else { return [] }
  return [UInt8](unsafeUninitializedCapacity: min(most, Int(clamping: open.byte_count))) { bytes, count in
    while count < bytes.count {
      let got = rf_file_read(file, bytes.baseAddress! + count, bytes.count - count)
      if got <= 0 { break }
      count += got
    }
  }
}

/// The path without links, "." and ".."; nil where it leads nowhere.
func realPath(_ path: FileName) -> FileName? {
  guard let real = withCString(path, { rf_file_real_path($0) }) else { return nil }
  defer { free(real) }
  return FileName(UnsafeRawBufferPointer(start: real, count: strlen(real)))
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
