// Why no detector can be made. After that nothing fails: what a frame may be was checked when the frame was made.
public import Engine

/// What about the wishes for a detector cannot be.
public enum DetectorError: Error {
  /// The network does not work at this input size.
  case plan(PlanError)
  /// An option is outside of what is valid.
  case option(name: StaticString, valid: StaticString)
  /// The caller's memory is too little, or does not start where it must.
  case arena(neededBytes: Int, givenBytes: Int, alignment: Int)
}

extension DetectorError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .plan(let error):
      return error.description
    case .option(let name, let valid):
      return "detector: \(name): must be \(valid)"
    case .arena(let needed, let given, let alignment):
      return "detector: arena of \(given) bytes: \(needed) are needed, from a multiple of \(alignment) on"
    }
  }
}
