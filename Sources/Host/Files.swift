// Files and folders by name. Names are bytes, because file names are.
import CHost

/// A file name as bytes, without the zero at its end.
public typealias FileName = [UInt8]

/// Calls `body` with the name as a C string.
public func withCString<R>(_ name: FileName, _ body: (UnsafePointer<CChar>) -> R) -> R {
  (name + [0]).withUnsafeBufferPointer { bytes in
    bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
  }
}

/// Returns the kind, size and identity of a file; nil if the name leads nowhere.
public func fileInfo(_ path: FileName) -> rf_file_info? {
  var info = rf_file_info()
  return withCString(path) { rf_file_look($0, &info) } == 0 ? info : nil
}

/// Returns the same of an open file.
public func fileInfo(descriptor: Int32) -> rf_file_info? {
  var info = rf_file_info()
  return rf_file_look_open(descriptor, &info) == 0 ? info : nil
}

extension rf_file_info {
  /// Compares the identities, whatever the names.
  public func isSameFile(as other: rf_file_info) -> Bool { device == other.device && inode == other.inode }
}

/// Returns true if both names lead to one file.
public func isSameFile(_ a: FileName, _ b: FileName) -> Bool {
  guard let a = fileInfo(a), let b = fileInfo(b) else { return false }
  return a.isSameFile(as: b)
}

/// Makes the folder and those above it.
public func makeFolder(_ path: FileName) throws(Errno) { try check(withCString(path) { rf_folder_make($0) }) }

/// Writes a file whole or not at all.
/// - Parameters:
///   - replaced: the file to replace, if it is still the one there; nil: the file must be new.
///   - isDurable: the file survives a power cut when this returns.
/// - Throws: EEXIST if another file has the name.
public func publishFile(
  _ path: FileName, _ bytes: UnsafeRawBufferPointer, replacing replaced: rf_file_info? = nil,
  isDurable: Bool
) throws(Errno) {
  let result = withCString(path) { path in
    guard var replaced else { return rf_file_publish(path, bytes.baseAddress, bytes.count, nil, isDurable ? 1 : 0) }
    return rf_file_publish(path, bytes.baseAddress, bytes.count, &replaced, isDurable ? 1 : 0)
  }
  try check(result)
}

/// Returns at most `count` bytes from the beginning of a file; empty if it cannot be read or is another file than `info`.
public func firstBytes(of path: FileName, _ info: rf_file_info, count most: Int) -> [UInt8] {
  let file = withCString(path) { rf_file_open($0) }
  guard file >= 0 else { return [] }
  defer { close(file) }
  guard let open = fileInfo(descriptor: file), open.kind == RF_FILE_REGULAR, open.isSameFile(as: info) else { return [] }
  return [UInt8](unsafeUninitializedCapacity: min(most, Int(clamping: open.byte_count))) { bytes, count in
    while count < bytes.count {
      let got = rf_file_read(file, bytes.baseAddress! + count, bytes.count - count)
      if got <= 0 { break }
      count += got
    }
  }
}

/// Returns the path without links, "." and "..".
/// - Throws: ENOENT and others if the path leads nowhere.
public func realPath(_ path: FileName) throws(Errno) -> FileName {
  guard let real = withCString(path, { rf_file_real_path($0) }) else { throw Errno.last }
  defer { free(real) }
  return FileName(UnsafeRawBufferPointer(start: real, count: strlen(real)))
}

/// Writes all bytes to a file, pipe or terminal. Waits for a slow reader.
/// - Throws: EPIPE (no reader), ENOSPC (disk full), EINTR (a stop ended the wait). A file then ends as it did before.
public func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(Errno) {
  try check(rf_file_write_all(descriptor, bytes.baseAddress, bytes.count))
}
