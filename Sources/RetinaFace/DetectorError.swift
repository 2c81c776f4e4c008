// Errors of creating a detector. `detect` cannot fail: frames are checked when they are made.
public import Engine

/// Why a detector cannot be created.
public enum DetectorError: Error {
  /// The network cannot run at this input size.
  case plan(PlanError)
  /// An option is out of range.
  case option(name: StaticString, valid: StaticString)
  /// The caller's memory is too small or misaligned.
  case arena(neededBytes: Int, givenBytes: Int, alignment: Int)
}

extension DetectorError: CustomStringConvertible {
  /// The error and its remedy in one line without a full stop.
  public var description: String {
    switch self {
    case .plan(let error):
      return error.description
    case .option(let name, let valid):
      return "detector: \(name): must be \(valid)"
    case .arena(let needed, let given, let alignment):
      return "detector: arena of \(given) bytes: provide \(needed) bytes or more at a multiple of \(alignment)"
    }
  }
}
