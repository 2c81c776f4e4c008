// The errors of reading a model file.
public import Kernels

/// A problem of a model file and its place.
public enum ModelError: MessageError {
  /// A part of the file.
  public enum Place: Equatable, Sendable {
    case header
    case tensor(Int)
    case layer(Int)
    case level(Int)
    case head(Int)
    case stage(Int)
  }

  /// The file ends before `part` does.
  case truncated(part: String, neededBytes: Int, actualBytes: Int)
  /// The first bytes are not a model file's.
  case notAModel
  /// Written in version 1 of the format.
  case oldVersion
  /// Written by a newer rf-pack, in a format that this program cannot read.
  case unknownVersion(UInt32)
  /// A precision that this program cannot compute in.
  case unknownPrecision(UInt32)
  /// A layer that this program cannot compute.
  case unknownOperation(layer: Int, code: UInt32)
  /// The checksum differs: the bytes have changed since they were written.
  case damaged(stored: UInt32, computed: UInt32)
  /// A field has a value that no model can have.
  case invalid(Place, field: String, problem: String)
}

extension ModelError: CustomStringConvertible {
  public var description: String {
    let newer = "use a newer build of this program (this one reads format \(ModelFormat.version))"
    switch self {
    case .truncated(let part, let needed, let actual):
      return "model file: cut off: its \(part) needs \(needed) bytes, the file has \(actual): copy or pack it again"
    case .oldVersion:
      return "model file: written in format 1: convert it with `python3 Training/upgrade_model.py OLD NEW`, or pack the weights again"
    case .notAModel:
      return "model file: does not start with \"RFMODEL\": not a model file (rf-pack makes one from weights)"
    case .unknownVersion(let version):
      return "model file: written in format \(version): \(newer)"
    case .unknownPrecision(let code):
      return "model file: precision \(code) needs format \(ModelFormat.version + 1) or later: \(newer)"
    case .unknownOperation(let layer, let code):
      return "model file: layer \(layer): operation \(code) needs format \(ModelFormat.version + 1) or later: \(newer)"
    case .damaged(let stored, let computed):
      return "model file: damaged: checksum \(computed) instead of \(stored): copy or pack it again"
    case .invalid(let place, let field, let problem):
      return "model file: \(place): \(field): \(problem): pack the weights again"
    }
  }
}

extension ModelError.Place: CustomStringConvertible {
  public var description: String {
    switch self {
    case .header: return "header"
    case .tensor(let index): return "tensor \(index)"
    case .layer(let index): return "layer \(index)"
    case .level(let index): return "level \(index)"
    case .head(let index): return "head \(index)"
    case .stage(let index): return "stage \(index)"
    }
  }
}
