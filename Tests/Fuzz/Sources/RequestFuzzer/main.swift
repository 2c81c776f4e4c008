// Any bytes as what a client of the live page sends: over a socket to the server itself, with libmicrohttpd in between. Every answer
// is one of those that the page has, and a viewer who behaves is served all the while. The same bytes as an address to listen at.
import CFuzzDriver
import CPreview
import Glibc

@testable import Preview

/// The server, for all inputs: a request must not harm the one after it.
let port: UInt16 = {
  var server: OpaquePointer?
  var number: Int32 = 0
  let result = rf_preview_start("127.0.0.1", 0, &server, &number)
  precondition(result == RF_PREVIEW_OK, "no server: install libmicrohttpd-dev and libmicrohttpd12")
  return rf_preview_port(server!)
}()

/// A connection that leaves nothing behind at its end: thousands a second would use up all ports otherwise.
func connect() -> Int32 {
  let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var end = linger(l_onoff: 1, l_linger: 0)
  setsockopt(client, SOL_SOCKET, SO_LINGER, &end, socklen_t(MemoryLayout<linger>.size))
  var name = sockaddr_in()
  name.sin_family = sa_family_t(AF_INET)
  name.sin_port = port.bigEndian
  name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  let isConnected = withUnsafePointer(to: &name) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
  precondition(client >= 0 && isConnected == 0)
  return client
}

/// Returns the answer: up to its end, or until nothing has arrived for a while.
func answer(to bytes: UnsafeRawBufferPointer, waitsFor milliseconds: Int32) -> [UInt8] {
  let client = connect()
  defer { close(client) }
  // The server may have ended the connection before all of a long input was sent.
  _ = send(client, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
  shutdown(client, Int32(SHUT_WR))
  var answer: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 16384)
  while true {
    var waited = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
    guard poll(&waited, 1, milliseconds) > 0 else { return answer }
    let count = recv(client, &piece, piece.count, 0)
    guard count > 0 else { return answer }
    answer += piece[..<count]
    // A stream has no end.
    if answer.starts(with: "HTTP/1.1 200".utf8), contains(answer, "Transfer-Encoding: chunked") { return answer }
  }
}

func contains(_ bytes: [UInt8], _ text: StaticString) -> Bool {
  let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
}

/// Statuses that the server or its library may answer.
let statuses: Set<Int> = [200, 400, 403, 404, 405, 411, 413, 414, 417, 421, 431, 500, 501, 503, 505]

/// The status of an answer; nil where it is none.
func status(of answer: [UInt8]) -> Int? {
  guard answer.count >= 12, answer.starts(with: "HTTP/1.".utf8) else { return nil }
  return answer[9..<12].reduce(0) { 10 * $0 + Int($1) - 48 }
}

nonisolated(unsafe) var inputs = 0
let good = Array("GET /style.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)

func checkThatOthersAreServed() {
  let bytes = good.withUnsafeBytes { answer(to: $0, waitsFor: 10_000) }
  precondition(status(of: bytes) == 200 && contains(bytes, "text/css"), "a viewer who behaves is not served")
}

/// One input.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  if let address = PreviewAddress(bytes) { precondition(address.url(port: 1).utf8.count > 10) }
  if count > 0 {
    let answer = answer(to: bytes, waitsFor: 20)
    if !answer.isEmpty {
      guard let status = status(of: answer), statuses.contains(status) else { preconditionFailure("an answer of another kind") }
      // Nothing but the page and its streams has this header and is good.
      precondition(status != 200 || contains(answer, "Cross-Origin-Resource-Policy: same-origin"))
    }
  }
  inputs += 1
  if inputs % 100 == 0 { checkThatOthersAreServed() }
  return 0
}

rf_fuzz(fuzz)
