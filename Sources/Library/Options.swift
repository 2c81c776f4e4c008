// Reads and checks the options of a detector.
import CHost
import CModel
import CRetinaFace
import Engine
import Kernels
import RetinaFace

/// Why a detector cannot be created.
struct Failure: Error {
  let status: Int32
  /// One line without a full stop.
  let message: String

  init(_ status: Int, _ message: String) {
    self.status = Int32(status)
    self.message = message
  }

  static func option(_ message: String) -> Failure { Failure(RETINAFACE_BAD_OPTION, "options: \(message)") }
}

/// Size of the structure in version 0.1, bytes.
private let firstSize = MemoryLayout<retinaface_options>.size

@c @implementation
public func retinaface_options_default(_ options: UnsafeMutablePointer<retinaface_options>?, _ size: Int) -> Int32 {
  guard let options else { return Int32(RETINAFACE_NULL_POINTER) }
  guard size >= firstSize, let structSize = UInt32(exactly: size) else { return Int32(RETINAFACE_BAD_OPTION) }
  let settings = Detector.Options()
  memset(options, 0, size)
  options.pointee.struct_size = structSize
  (options.pointee.width, options.pointee.height) = (640, 480)
  options.pointee.threshold = settings.threshold
  options.pointee.max_overlap = settings.maxOverlap
  options.pointee.max_faces = Int32(settings.maxFaces)
  options.pointee.threads = 1
  options.pointee.finds_large_faces = settings.findsLargeFaces ? 1 : 0
  return Int32(RETINAFACE_OK)
}

extension retinaface_options {
  /// Copies the options of a caller. Returns nil if they are not even those of version 0.1: no member can be trusted then.
  static func read(_ pointer: UnsafePointer<retinaface_options>) -> retinaface_options? {
    pointer.pointee.struct_size >= firstSize ? pointer.pointee : nil
  }

  /// Checks that members of later versions, which would have no effect, are not set.
  static func checkLaterMembers(_ pointer: UnsafePointer<retinaface_options>) throws(Failure) {
    let bytes = UnsafeRawBufferPointer(start: pointer, count: Int(pointer.pointee.struct_size))
    for byte in bytes[firstSize...] where byte != 0 { throw .option("a member of a later version than this library is set") }
  }

  /// Returns the settings of the detector without its workers.
  func settings() throws(Failure) -> Detector.Options {
    guard threshold >= 0, threshold <= 1 else { throw .option("threshold: must be 0 to 1") }
    guard max_overlap >= 0, max_overlap <= 1 else { throw .option("max_overlap: must be 0 to 1") }
    guard max_faces >= 1 else { throw .option("max_faces: \(max_faces) is less than 1") }
    guard (1...64).contains(threads) else { throw .option("threads: \(threads) is not 1 to 64") }
    guard finds_large_faces == 0 || finds_large_faces == 1 else {
      throw .option("finds_large_faces: \(finds_large_faces) is neither 0 nor 1")
    }
    if arena == nil, arena_size != 0 { throw .option("arena_size: \(arena_size) bytes, but arena is null") }
    if model == nil, model_size != 0 { throw .option("model_size: \(model_size) bytes, but model is null") }
    var settings = Detector.Options()
    settings.threshold = threshold
    settings.maxOverlap = max_overlap
    settings.maxFaces = Int(max_faces)
    settings.findsLargeFaces = finds_large_faces == 1
    if let isa { settings.isa = try instructionSets(isa) }
    return settings
  }

  private func instructionSets(_ text: UnsafePointer<CChar>) throws(Failure) -> ISA {
    guard strnlen(text, 256) < 256, let isa = ISA.parse(String(cString: text)), ISA.available.isSuperset(of: isa) else {
      throw .option("isa: must be a list of \(ISA.knownNames) that this processor has")
    }
    return isa
  }

  /// Returns the model, checked.
  func checkedModel() throws(Failure) -> Model {
    guard model_size >= 0 else { throw Failure(RETINAFACE_BAD_MODEL, "options: model_size: more than half of the memory") }
    var count = model_size
    let bytes = UnsafeRawBufferPointer(start: model ?? UnsafeRawPointer(rf_default_model(&count)), count: count)
    if model == nil, count == 0 { throw .option("model: must not be null, because this library contains no model") }
    do { return try Model(bytes: bytes) } catch { throw Failure(RETINAFACE_BAD_MODEL, error.description) }
  }

  /// Writes a message for the caller. Allocates nothing.
  func report(_ text: String) {
    guard let message, message_size > 0 else { return }
    var count = 0
    for byte in text.utf8 where count < message_size - 1 {
      message[count] = CChar(bitPattern: byte)
      count += 1
    }
    message[count] = 0
  }
}
