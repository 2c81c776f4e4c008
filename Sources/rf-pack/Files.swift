// Whole files in and out, with the operating system's own reason where it fails (Foundation hides it).
import Foundation

enum Files {
  /// The bytes of a regular file.
  static func read(_ path: String) throws(PackError) -> Data {
    guard let file = fopen(path, "rb") else { throw .file("cannot be opened (\(reason())): check the path") }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, isRegular(status) else {
      throw .file("is not a regular file: name a file, not a folder or device")
    }
    var bytes = Data(count: Int(status.st_size))
    let count = bytes.withUnsafeMutableBytes { $0.isEmpty ? 0 : fread($0.baseAddress!, 1, $0.count, file) }
    guard count == bytes.count else { throw .file("could not be read whole (\(count) of \(bytes.count) bytes): try again") }
    return bytes
  }

  /// Writes a file whole or not at all: beside its place, then renamed. What is no regular file is not replaced.
  static func write(_ bytes: Data, to path: String) throws(PackError) {
    var status = stat()
    guard stat(path, &status) != 0 || isRegular(status) else {
      throw .file("\(path) is a folder or device: name a file to write")
    }
    let temporary = "\(path).\(getpid()).part"
    guard let file = fopen(temporary, "wb") else {
      throw .file("cannot write \(path) (\(reason())): check the folder")
    }
    let count = bytes.withUnsafeBytes { fwrite($0.baseAddress!, 1, $0.count, file) }
    let isFlushed = fflush(file) == 0 && fsync(fileno(file)) == 0
    guard fclose(file) == 0, isFlushed, count == bytes.count, rename(temporary, path) == 0 else {
      let why = reason()
      unlink(temporary)
      throw .file("cannot write \(path) (\(why)): is the disk full?")
    }
  }

  /// Whether two paths lead to one file.
  static func areSame(_ path: String, _ other: String) -> Bool {
    var (a, b) = (stat(), stat())
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
  }

  private static func isRegular(_ status: stat) -> Bool { status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
