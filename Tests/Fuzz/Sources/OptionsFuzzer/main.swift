import CFuzzDriver
import CommandLine
import Foundation
import Report

// Any bytes as a command line and as a configuration file: options within their ranges, or messages of one line each that
// cannot repaint a terminal.
@testable import rf_cam

/// The configuration file: no name but the one that the system has for an open file.
let configFile: Int32 = {
  var name = Array("/tmp/rf-fuzz-XXXXXX".utf8CString)
  let file = mkstemp(&name)
  precondition(file >= 0 && unlink(name) == 0)
  return file
}()
let configName = Argument(copying: "/proc/self/fd/\(configFile)".utf8)

/// One input: an even first byte, words that a zero ends; an odd one, the lines of a configuration file.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 0, let start else { return 0 }
  let bytes = UnsafeBufferPointer(start: start + 1, count: count - 1)
  if start[0] & 1 == 0 { fuzzWords(bytes) } else { fuzzConfig(bytes) }
  return 0
}

private func fuzzWords(_ bytes: UnsafeBufferPointer<UInt8>) {
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
  defer { copy.deallocate() }
  for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
  copy[bytes.count] = 0
  var words: [Argument] = []
  var position = 0
  while position < bytes.count, words.count < 64 {
    words.append(Argument(copy + position))
    checkNumbers(words.last!)
    position += words.last!.bytes.count + 1
  }
  do { checkRanges(try parseOptions(words)) } catch { check(error.messages) }
}

private func fuzzConfig(_ bytes: UnsafeBufferPointer<UInt8>) {
  precondition(ftruncate(configFile, 0) == 0 && pwrite(configFile, bytes.baseAddress!, bytes.count, 0) == bytes.count)
  var options = Options()
  let messages = applyConfig(configName, to: &options)
  if !messages.isEmpty { check(messages) }
  checkRanges(options)
}

/// A message is one line, and shows nothing but shapes.
private func check(_ messages: [String]) {
  precondition(!messages.isEmpty)
  for message in messages { precondition(!message.isEmpty && printable(message.utf8) == Array(message.utf8)) }
}

private func checkRanges(_ options: Options) {
  precondition((0...1).contains(options.leastScore) && (0...1).contains(options.maxOverlap))
  precondition((1...1_000_000_000).contains(options.maxFaces) && (1...64).contains(options.threads) && options.frameLimit >= 1)
  precondition((1...64).contains(options.jobs))
  precondition((0...3600).contains(options.syncSeconds))
  if let rate = options.camera.framesPerSecond { precondition(rate > 0 && rate <= 1000) }
  if let raw = options.raw { precondition(raw.width >= 1 && raw.height >= 1 && raw.width <= 100_000_000 / raw.height) }
}

/// Against Foundation's reading of decimal digits.
private func checkNumbers(_ word: Argument) {
  let digits = word.bytes.allSatisfy { (48...57).contains($0) } && !word.bytes.isEmpty
  let value = digits ? Decimal(string: String(decoding: word.bytes.drop { $0 == 48 }.prefix(30), as: UTF8.self)) : nil
  for limit in [0, 64, 65535, 1_000_000_000, Int(Int32.max)] {
    let expected = digits ? (value ?? 0) <= Decimal(limit) ? Int(truncating: (value ?? 0) as NSDecimalNumber) : nil : nil
    precondition(word.integer(upTo: limit) == expected)
  }
}

rf_fuzz(fuzz)
