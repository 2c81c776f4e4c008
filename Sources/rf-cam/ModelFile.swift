// The model that a run works with: the one inside the program, or a file.
import CHost
import CModel
import CommandLine
import Engine

/// A model with its bytes, which it borrows, and a name for messages.
final class LoadedModel {
  let model: Model
  /// The file's name, or that it is the one inside.
  let origin: String
  /// nil for the model inside, whose bytes are the program's.
  private let file: FileBytes?

  /// The model file that the user named, or the one inside the program.
  init(_ file: Argument?) throws(ProgramError) {
    self.file = if let file { try FileBytes(file) } else { nil }
    origin = file?.description ?? "embedded model"
    let bytes = self.file?.bytes ?? embeddedModel()
    if bytes.isEmpty, file == nil { throw .noModel }
    do {
      model = try Model(bytes: bytes)
    } catch {
      throw .model(path: origin, error)
    }
  }
}

private func embeddedModel() -> UnsafeRawBufferPointer {
  var count = 0
  let bytes = rf_default_model(&count)
  return UnsafeRawBufferPointer(start: bytes, count: count)
}

/// A whole regular file, aligned as a mapped one would be. Read and not mapped: a file that shrinks under a mapping kills.
final class FileBytes {
  private let storage: UnsafeMutableRawBufferPointer
  private var count = 0

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[..<count]) }

  /// - Parameter mostBytes: what is larger is not read at all.
  init(_ file: Argument, mostBytes: Int = .max) throws(ProgramError) {
    let descriptor = rf_file_open(file.pointer)
    if descriptor < 0 { throw .file(action: "open", path: file.description, number: -descriptor) }
    defer { close(descriptor) }
    var info = rf_file_info()
    let looked = rf_file_look_open(descriptor, &info)
    if looked < 0 { throw .file(action: "read", path: file.description, number: -looked) }
    if info.kind != RF_FILE_REGULAR { throw .notAFile(path: file.description) }
    if info.byte_count > mostBytes { throw .tooLarge(path: file.description, mostBytes: mostBytes) }
    // C's allocator, because it can refuse: the size is the file's.
    var memory: UnsafeMutableRawPointer?
    guard let byteCount = Int(exactly: info.byte_count), posix_memalign(&memory, 64, max(1, byteCount)) == 0 else {
      throw .file(action: "read", path: file.description, number: ENOMEM)
    }
    storage = UnsafeMutableRawBufferPointer(start: memory, count: max(1, byteCount))
    while count < Int(info.byte_count) {
      let got = rf_file_read(descriptor, storage.baseAddress! + count, Int(info.byte_count) - count)
      if got < 0 { throw .file(action: "read", path: file.description, number: Int32(-got)) }
      if got == 0 { return }
      count += got
    }
  }

  deinit { free(storage.baseAddress) }
}
