// Equality of errors by their messages, shared by all modules.

/// An error that is described by one message.
public protocol MessageError: Error, Equatable {
  /// The error and advice, without a full stop.
  var message: String { get }
}

extension MessageError {
  /// Compares the messages as UTF-8: Embedded Swift has no Unicode tables for `String ==`.
  public static func == (a: Self, b: Self) -> Bool { a.message.utf8.elementsEqual(b.message.utf8) }
}

extension MessageError where Self: CustomStringConvertible {
  /// The description.
  public var message: String { description }
}
