// The model that a run works with: the one inside the program, or a file.
import CModel
import CommandLine
import Engine
import Host

/// A model with its bytes, which it borrows, and a name for messages.
final class LoadedModel {
  let model: Model
  /// The file's name, or that it is the one inside.
  let origin: String
  /// nil for the model inside, whose bytes are the program's.
  private let file: LoadedFile?

  /// The model file that the user named, or the one inside the program.
  init(_ file: Argument?) throws(ProgramError) {
    self.file = if let file { try load(file) } else { nil }
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

/// Reads a file that the user named.
func load(_ file: Argument, maxBytes: Int = .max) throws(ProgramError) -> LoadedFile {
  do { return try LoadedFile(file.pointer, maxBytes: maxBytes) } catch { throw .load(path: file.description, error) }
}
