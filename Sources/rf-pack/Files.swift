// Whole files in and out, with the operating system's own reason where it fails (Foundation hides it).
import CHost
import Engine
import Foundation

enum Files {
  /// The bytes of a regular file.
  static func read(_ path: String) throws(PackError) -> Data {
    guard let file = fopen(path, "rb") else { throw .file("cannot be opened (\(reason())): check the path") }
    defer { fclose(file) }
    var info = rf_file_info()
    guard rf_file_look_open(fileno(file), &info) == 0, info.kind == RF_FILE_REGULAR else {
      throw .file("is not a regular file: name a file, not a folder or device")
    }
    var bytes = Data(count: Int(info.byte_count))
    let count = bytes.withUnsafeMutableBytes { $0.isEmpty ? 0 : fread($0.baseAddress!, 1, $0.count, file) }
    guard count == bytes.count else { throw .file("could not be read whole (\(count) of \(bytes.count) bytes): try again") }
    return bytes
  }

  /// Writes a model file whole or not at all, so that it survives a power cut. Replaces nothing but a model file; through a
  /// link, the one that it leads to.
  static func write(_ bytes: Data, to path: String) throws(PackError) {
    let target = try modelFile(path)
    let result = bytes.withUnsafeBytes { bytes in
      guard var replaced = target.replaced else { return rf_file_publish(target.path, bytes.baseAddress, bytes.count, nil, 1) }
      return rf_file_publish(target.path, bytes.baseAddress, bytes.count, &replaced, 1)
    }
    if result < 0 {
      throw .file("cannot write \(path) (\(String(cString: strerror(-result)))): check the folder and its free space")
    }
  }

  /// Where a model file may be written, and what it replaces there.
  private static func modelFile(_ path: String) throws(PackError) -> (path: String, replaced: rf_file_info?) {
    var info = rf_file_info()
    let result = rf_file_look(path, &info)
    if result < 0, info.is_link != 0 { throw .file("\(path) is a link that leads nowhere: name a file to write") }
    if result < 0 { return (path, nil) }
    guard info.kind == RF_FILE_REGULAR else { throw .file("\(path) is a folder or device: name a file to write") }
    guard isModel(path) else { throw .file("\(path) is there and is no model file: name another file, or remove it") }
    if info.is_link == 0 { return (path, info) }
    guard let real = rf_file_real_path(path) else { throw .file("\(path) cannot be followed (\(reason())): name a file to write") }
    defer { free(real) }
    return (String(cString: real), info)
  }

  /// By its first bytes.
  private static func isModel(_ path: String) -> Bool {
    guard let file = fopen(path, "rb") else { return false }
    defer { fclose(file) }
    var magic = [UInt8](repeating: 0, count: ModelFormat.magic.count)
    return fread(&magic, 1, magic.count, file) == magic.count && magic.elementsEqual(ModelFormat.magic)
  }

  /// Whether two paths lead to one file.
  static func areSame(_ path: String, _ other: String) -> Bool {
    var (a, b) = (rf_file_info(), rf_file_info())
    return rf_file_look(path, &a) == 0 && rf_file_look(other, &b) == 0 && a.device == b.device && a.inode == b.inode
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
