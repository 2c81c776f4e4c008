// The model that a run works with: the one inside the program, or a file.
import CHost
import CModel
import Engine

/// A model with a name for messages. Its bytes stay for the life of the process.
struct LoadedModel {
  let model: Model
  /// The file's name, or that it is the one inside.
  let origin: String
}

/// The model file that the user named, or the one inside the program.
func loadModel(_ file: Argument?) throws(ProgramError) -> LoadedModel {
  guard let file else {
    let bytes = embeddedModel()
    if bytes.isEmpty { throw .noModel }
    return try check(bytes, origin: "embedded model")
  }
  return try check(try read(file), origin: file.description)
}

private func embeddedModel() -> UnsafeRawBufferPointer {
  var count = 0
  let bytes = rf_default_model(&count)
  return UnsafeRawBufferPointer(start: bytes, count: count)
}

private func check(_ bytes: UnsafeRawBufferPointer, origin: String) throws(ProgramError) -> LoadedModel {
  do {
    return LoadedModel(model: try Model(bytes: bytes), origin: origin)
  } catch {
    throw .model(path: origin, error)
  }
}

/// A whole regular file, aligned as a mapped one would be. Read and not mapped: a file that shrinks under a mapping kills.
private func read(_ file: Argument) throws(ProgramError) -> UnsafeRawBufferPointer {
  let descriptor = rf_file_open(file.pointer)
  if descriptor < 0 { throw .file(action: "open", path: file.description, number: -descriptor) }
  defer { close(descriptor) }
  var info = rf_file_info()
  let looked = rf_file_look_open(descriptor, &info)
  if looked < 0 { throw .file(action: "read", path: file.description, number: -looked) }
  if info.kind != RF_FILE_REGULAR { throw .notAFile(path: file.description) }
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, Int(info.byte_count)), alignment: 64)
  var count = 0
  while count < Int(info.byte_count) {
    let got = rf_file_read(descriptor, bytes.baseAddress! + count, Int(info.byte_count) - count)
    if got < 0 { throw .file(action: "read", path: file.description, number: Int32(-got)) }
    if got == 0 { break }
    count += got
  }
  return UnsafeRawBufferPointer(rebasing: bytes[..<count])
}
