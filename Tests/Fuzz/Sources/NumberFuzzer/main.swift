import CFuzzDriver
import Foundation
import Imaging
import Report

// Numbers and names on their way out, and back as other programs read them: decimals by strtod, lines by a JSON parser.
@testable import RetinaFace

/// One input: how many decimals, a Double, 14 Floats, and a name.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count >= 65, let start else { return 0 }
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  let double = bytes.loadUnaligned(fromByteOffset: 1, as: Double.self)
  let floats = (0..<14).map { bytes.loadUnaligned(fromByteOffset: 9 + 4 * $0, as: Float.self) }
  let decimals = Int(bytes[0] % 10)
  checkDecimals(double, decimals)
  for value in floats { checkDecimals(Double(value), decimals) }
  checkInteger(Int64(bitPattern: double.bitPattern))
  let name = Array(bytes[65...])
  checkPrintable(name)
  checkReport(name, double, floats)
  return 0
}

private func text(_ body: (inout ByteBuffer) -> Void) -> String {
  var buffer = ByteBuffer()
  body(&buffer)
  return String(decoding: buffer.bytes, as: UTF8.self)
}

/// Half a unit of the last digit, beside the rounding of the value itself; NaN is null, what is beyond 2^63 is 2^63.
private func checkDecimals(_ value: Double, _ decimals: Int) {
  let printed = text { $0.append(value, decimals: decimals) }
  guard value == value else { return precondition(printed == "null") }
  let held = min(max(value, -0x1p63), 0x1p63)
  let read = strtod(printed, nil)
  precondition(abs(read - held) <= 0.500001 * pow(10, -Double(decimals)) + abs(held) * 0x1p-52, printed)
  precondition(!printed.hasPrefix("-") || read < 0)
}

private func checkInteger(_ value: Int64) {
  precondition(text { $0.append(value) } == "\(value)")
  let wide = text { $0.append(value, width: 12) }
  precondition(Int64(wide) == value && wide.utf8.count >= 12)
}

private func checkPrintable(_ name: [UInt8]) {
  let shown = printable(name)
  precondition(printable(shown) == shown)
  var position = 0, isPlain = isUTF8(name)
  precondition(isPlain == (String(validating: name, as: UTF8.self) != nil))
  while position < name.count {
    let piece = UTF8Piece(name, at: position)
    isPlain = isPlain && !piece.isControl
    position += piece.count
  }
  precondition(!isPlain || shown == name)
}

private struct Line: Decodable {
  struct Face: Decodable {
    var score: Double?
    var box: [Double?]
    var landmarks: [[Double?]]
  }
  var source: String
  var source_bytes: Data?
  var faces: [Face]
}

/// Whatever the numbers are, the line is JSON, and the name comes back byte for byte.
private func checkReport(_ name: [UInt8], _ seconds: Double, _ values: [Float]) {
  func point(_ index: Int) -> FramePoint { FramePoint(x: values[4 + 2 * index], y: values[5 + 2 * index]) }
  let face = Face(
    score: values[0], box: Box(x1: values[0], y1: values[1], x2: values[2], y2: values[3]),
    landmarks: Landmarks(
      leftEye: point(0), rightEye: point(1), nose: point(2), leftMouthCorner: point(3),
      rightMouthCorner: point(4)))
  let report = FrameReport(
    source: name, frame: Int64(bitPattern: seconds.bitPattern), timestampSeconds: seconds, width: 1, height: 1,
    latencyMilliseconds: seconds)
  var buffer = ByteBuffer()
  [face].withUnsafeBufferPointer { appendJSON(report, Faces(storage: $0), to: &buffer) }
  precondition(buffer.bytes.firstIndex(of: 10) == buffer.bytes.count - 1, "one line")
  precondition(printable(buffer.bytes.dropLast()) == Array(buffer.bytes.dropLast()), "harmless on a terminal")
  do {
    let line = try JSONDecoder().decode(Line.self, from: Data(buffer.bytes))
    precondition(line.faces.count == 1 && line.faces[0].landmarks.count == 5)
    precondition([UInt8](line.source_bytes ?? Data(line.source.utf8)) == name)
    precondition(Array(line.source.utf8) == Array(String(decoding: name, as: UTF8.self).utf8))
  } catch { preconditionFailure("\(error)") }
}

rf_fuzz(fuzz)
