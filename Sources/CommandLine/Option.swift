// An option is one entry of a table. Parser, help, manual page, completion and error messages read the same table.
import Report

/// An option that changes `Options`.
public struct Option<Options> {
  public let name: StaticString
  /// One letter with its dash.
  public let short: StaticString?
  /// nil: the option is not listed.
  public let help: StaticString?
  public let action: Action

  /// The effect of an option.
  public enum Action {
    /// No value follows the name.
    case flag((inout Options) -> Void)
    /// A value follows: its valid form, what a shell completes, and the function that stores it (false: not valid).
    case value(valid: String, Completion, (inout Options, Argument) -> Bool)
  }

  public static func flag(
    _ name: StaticString, short: StaticString? = nil, help: StaticString?,
    set: @escaping (inout Options) -> Void
  ) -> Option {
    Option(name: name, short: short, help: help, action: .flag(set))
  }

  public static func value(
    _ name: StaticString, _ valid: String, complete: Completion = .words(""), help: StaticString,
    store: @escaping (inout Options, Argument) -> Bool
  ) -> Option {
    Option(name: name, short: nil, help: help, action: .value(valid: valid, complete, store))
  }
}

/// The values that a shell offers.
public enum Completion {
  case files
  case folders
  /// Separated by spaces.
  case words(String)
}

/// The texts of a program's help.
public struct ProgramDescription {
  public var name: StaticString
  public var version: StaticString
  /// One line without a full stop.
  public var summary: StaticString
  /// The words that follow the program's name.
  public var usage: StaticString
  public var introduction: StaticString
  /// The kinds of operands, with their descriptions.
  public var operands: [(form: StaticString, help: StaticString)]
  /// Follows the options.
  public var closing: StaticString

  public init(
    name: StaticString, version: StaticString, summary: StaticString, usage: StaticString, introduction: StaticString,
    operands: [(form: StaticString, help: StaticString)] = [], closing: StaticString = ""
  ) {
    (self.name, self.version, self.summary, self.usage) = (name, version, summary, usage)
    (self.introduction, self.operands, self.closing) = (introduction, operands, closing)
  }
}

/// Returns the bytes of fixed text.
public func utf8(of text: StaticString) -> UnsafeBufferPointer<UInt8> {
  UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
}
