// Parses the address of the live page: "8080", "0.0.0.0:8080", "[::1]:8080".
import CHost
import Host

/// An address of this machine and a port, in a user's notation.
public struct PreviewAddress: Sendable {
  /// Numeric, without brackets.
  let address: [UInt8]
  /// 0: any free port.
  let port: UInt16

  /// The notations that `init` accepts, for messages.
  public static let validText: StaticString = "PORT or ADDRESS:PORT, such as 8080, 0.0.0.0:8080 or [::1]:8080"

  /// Returns nil for any other text. A port alone means viewers on this machine only (127.0.0.1).
  public init?(_ text: some Sequence<UInt8>) {
    let bytes = Array(text)
    let colon = bytes.lastIndex(of: UInt8(ascii: ":"))
    guard let port = PreviewAddress.port(bytes[(colon.map { $0 + 1 } ?? 0)...]) else { return nil }
    guard let address = PreviewAddress.address(Array(bytes[..<(colon ?? 0)]), isGiven: colon != nil) else { return nil }
    self.address = address
    self.port = port
  }

  private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard (1...5).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return UInt16(exactly: digits.reduce(0) { 10 * $0 + Int($1) - 48 })
  }

  private static func address(_ text: [UInt8], isGiven: Bool) -> [UInt8]? {
    if !isGiven || text.elementsEqual("localhost".utf8) { return Array("127.0.0.1".utf8) }
    var address = text
    // Only IPv6 addresses have colons, and those are in brackets.
    if text.contains(UInt8(ascii: ":")) {
      guard text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return nil }
      address = Array(text.dropFirst().dropLast())
    }
    let isValid = !address.isEmpty && !address.contains(0) && Host.withCString(address) { rf_is_address($0) } != 0
    return isValid ? address : nil
  }

  func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R { Host.withCString(address, body) }

  /// Returns the page's address for browsers.
  func url(port: UInt16) -> String {
    let text = String(decoding: address, as: UTF8.self)
    return address.contains(UInt8(ascii: ":")) ? "http://[\(text)]:\(port)/" : "http://\(text):\(port)/"
  }
}
