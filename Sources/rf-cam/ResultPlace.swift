// --results: where a frame's lines go.
import CHost

/// Where results go.
enum ResultPlace {
  case standardOutput
  case file(FileName)
  /// A terminal device; baud 0: its settings stay as they are.
  case serial(FileName, baud: Int)
  /// UDP to a numeric address.
  case datagrams(address: FileName, port: Int)

  /// Reads `-`, `udp:ADDRESS:PORT`, `/dev/NAME`, `/dev/NAME@BAUD` or the name of a file; nil where it is none of them.
  init?(_ value: Argument) {
    let (scheme, rest) = value.split(at: UInt8(ascii: ":"))
    if value.bytes.isEmpty {
      return nil
    } else if value.equals("-") {
      self = .standardOutput
    } else if scheme.equals("udp"), let rest {
      guard let place = ResultPlace(udp: rest) else { return nil }
      self = place
    } else if value.bytes.starts(with: "/dev/".utf8) {
      let (path, rate) = value.split(at: UInt8(ascii: "@"))
      let baud = rate?.integer(upTo: 4_000_000) ?? 0
      if rate != nil, baud == 0 { return nil }
      self = .serial(FileName(path.bytes), baud: baud)
    } else {
      self = .file(FileName(value.bytes))
    }
  }

  /// `ADDRESS:PORT` or `[ADDRESS]:PORT`.
  private init?(udp value: Argument) {
    guard let colon = value.bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    var address = FileName(value.bytes[..<colon])
    if address.first == UInt8(ascii: "["), address.last == UInt8(ascii: "]") {
      address = FileName(address.dropFirst().dropLast())
    }
    guard let port = Argument(value.pointer + colon + 1).integer(upTo: 65535), port > 0,
          withCString(address, { rf_datagram_is_address($0) }) != 0 else { return nil }
    self = .datagrams(address: address, port: port)
  }

  var isStandardOutput: Bool {
    if case .standardOutput = self { true } else { false }
  }

  /// What messages name.
  var description: String {
    switch self {
    case .standardOutput: "standard output"
    case .file(let path), .serial(let path, _): String(fileName: path)
    case .datagrams(let address, let port): "udp:\(String(fileName: address)):\(port)"
    }
  }
}
