// Whole files in and out.
import CHost
import Engine
import Foundation
import Host
import Pack

enum Files {
  /// Returns the bytes of a regular file.
  static func read(_ path: String) throws(PackError) -> Data {
    let file: LoadedFile
    do { file = try LoadedFile(path) } catch { throw .file(error.description) }
    return withExtendedLifetime(file) { Data(file.bytes) }
  }

  /// Writes a model file whole or not at all, so that it survives a power cut. Replaces nothing but a model file; follows a link
  /// to the model file that it names.
  static func write(_ bytes: Data, to path: String) throws(PackError) {
    let target = try modelFile(FileName(path.utf8), shownAs: path)
    let failure: Errno? = bytes.withUnsafeBytes { bytes in
      do throws(Errno) { try publishFile(target.path, bytes, replacing: target.replaced, isDurable: true) } catch { return error }
      return nil
    }
    if let failure { throw .file("cannot write \(path) (\(failure.message)): check the folder and its free space") }
  }

  /// Returns the path to write a model file to, and the file that it replaces there.
  private static func modelFile(_ path: FileName, shownAs name: String) throws(PackError) -> (path: FileName, replaced: rf_file_info?) {
    var info = rf_file_info()
    let result = withCString(path) { rf_file_look($0, &info) }
    if result < 0, info.is_link != 0 { throw .file("\(name) is a link that leads nowhere: name a file to write") }
    if result < 0 { return (path, nil) }
    guard info.kind == RF_FILE_REGULAR else { throw .file("\(name) is a folder or device: name a file to write") }
    guard firstBytes(of: path, info, count: ModelFormat.magic.count).elementsEqual(ModelFormat.magic) else {
      throw .file("\(name) exists and is not a model file: name another file, or remove it")
    }
    if info.is_link == 0 { return (path, info) }
    do { return (try realPath(path), info) } catch {
      throw .file("\(name) cannot be followed (\(error.message)): name a file to write")
    }
  }
}
