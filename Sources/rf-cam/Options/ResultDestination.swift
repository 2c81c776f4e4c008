// --results: the destination of results.
import CHost
import CommandLine
import Host

/// The destination of results.
enum ResultDestination {
  case standardOutput
  /// A file, a fifo or a device, whichever the path leads to when it is opened. baud 0: a terminal device's settings stay as
  /// they are.
  case path(FileName, baud: Int)
  /// UDP to a numeric address.
  case datagrams(address: FileName, port: Int)

  /// Reads `-`, `udp:ADDRESS:PORT`, a path, or the path of a device and `@BAUD`; nil where it is none of them.
  init?(_ value: Argument) {
    let (scheme, rest) = value.split(at: UInt8(ascii: ":"))
    if value.bytes.isEmpty {
      return nil
    } else if value.equals("-") {
      self = .standardOutput
    } else if scheme.equals("udp"), let rest {
      guard let place = ResultDestination(udp: rest) else { return nil }
      self = place
    } else {
      self.init(path: value)
    }
  }

  /// An `@` is part of a file's name; behind a device's path it begins the rate.
  private init?(path value: Argument) {
    let path = FileName(value.bytes)
    guard let at = path.lastIndex(of: UInt8(ascii: "@")), fileInfo(path) == nil else {
      self = .path(path, baud: 0)
      return
    }
    let device = FileName(path[..<at])
    guard device.starts(with: "/dev/".utf8) || isCharacterDevice(device) else {
      self = .path(path, baud: 0)
      return
    }
    guard let baud = Argument(value.pointer + at + 1).integer(upTo: 1_000_000_000), baud > 0 else { return nil }
    self = .path(device, baud: baud)
  }

  /// `ADDRESS:PORT` or `[ADDRESS]:PORT`.
  private init?(udp value: Argument) {
    guard let colon = value.bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    var address = FileName(value.bytes[..<colon])
    if address.first == UInt8(ascii: "["), address.last == UInt8(ascii: "]") {
      address = FileName(address.dropFirst().dropLast())
    }
    guard let port = Argument(value.pointer + colon + 1).integer(upTo: 65535), port > 0,
      withCString(address, { rf_is_address($0) }) != 0
    else { return nil }
    self = .datagrams(address: address, port: port)
  }

  /// The rate that no serial port here has; nil where there is none or it is valid.
  var unsupportedBaud: Int? {
    guard case .path(_, let baud) = self, baud > 0 else { return nil }
    return serialRates().contains(baud) ? nil : baud
  }

  var isStandardOutput: Bool {
    if case .standardOutput = self { true } else { false }
  }

  /// The name in messages.
  var description: String {
    switch self {
    case .standardOutput: "standard output"
    case .path(let path, _): String(fileName: path)
    case .datagrams(let address, let port): "udp:\(String(fileName: address)):\(port)"
    }
  }
}

/// The valid rates of serial ports in ascending order, bits per second.
func serialRates() -> [Int] {
  var rates: [Int] = []
  while case let rate = rf_serial_rate(Int32(rates.count)), rate > 0 { rates.append(Int(rate)) }
  return rates
}

private func isCharacterDevice(_ path: FileName) -> Bool {
  fileInfo(path)?.kind == RF_FILE_DEVICE
}
