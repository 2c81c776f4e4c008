// What goes to standard output for a frame: text, a JSON line, or a hash. Appends bytes only; who writes them, and
// what happens when nobody reads, is the session's business.
import Engine
import Imaging
import RetinaFace

/// What a frame's line says besides its faces.
struct FrameReport {
  /// As the user named it, or as a folder was read: the bytes, which need not be UTF-8.
  var source: [UInt8]
  /// Counted from 0 in its source.
  var frame: Int64
  var timestampSeconds: Double
  var width: Int
  var height: Int
  var latencyMilliseconds: Double
}

/// One line a face: source, score, box, landmarks; of a stream, the id last, so that the columns before it stay.
func appendText(_ report: FrameReport, _ faces: Faces, to text: inout ByteBuffer) {
  for face in faces {
    text.append(printable(report.source))
    text.append(" ")
    text.append(face.score, decimals: 3)
    for value in [face.box.x1, face.box.y1, face.box.x2, face.box.y2] {
      text.append(" ")
      text.append(value, decimals: 1)
    }
    for index in 0..<5 {
      text.append(" ")
      text.append(face.landmarks[index].x, decimals: 1)
      text.append(" ")
      text.append(face.landmarks[index].y, decimals: 1)
    }
    if let id = face.id { text.append(" id=\(id)") }
    text.append("\n")
  }
}

/// One object, one line: scores to five decimals, coordinates to two, times to microseconds.
func appendJSON(_ report: FrameReport, _ faces: Faces, to text: inout ByteBuffer) {
  appendJSONObject(report, faces, to: &text)
  text.append("\n")
}

/// The same without the line's end. A source whose name is no UTF-8 has its bytes, too: Base64 under `source_bytes`.
func appendJSONObject(_ report: FrameReport, _ faces: Faces, to text: inout ByteBuffer) {
  text.append("{\"source\":")
  text.append(jsonString: report.source)
  if !isUTF8(report.source) {
    text.append(",\"source_bytes\":\"")
    text.append(base64: report.source)
    text.append("\"")
  }
  text.append(",\"frame\":")
  text.append(report.frame)
  text.append(",\"timestamp_s\":")
  text.append(report.timestampSeconds, decimals: 6)
  text.append(",\"width\":")
  text.append(report.width)
  text.append(",\"height\":")
  text.append(report.height)
  text.append(",\"latency_ms\":")
  text.append(report.latencyMilliseconds, decimals: 3)
  text.append(",\"faces\":[")
  for index in faces.indices {
    if index > 0 { text.append(",") }
    appendJSON(faces[index], to: &text)
  }
  text.append("]}")
}

private func appendJSON(_ face: Face, to text: inout ByteBuffer) {
  text.append("{\"score\":")
  text.append(face.score, decimals: 5)
  text.append(",\"box\":[")
  text.append(face.box.x1, decimals: 2)
  for value in [face.box.y1, face.box.x2, face.box.y2] {
    text.append(",")
    text.append(value, decimals: 2)
  }
  text.append("],\"landmarks\":[")
  for index in 0..<5 {
    text.append(index == 0 ? "[" : ",[")
    text.append(face.landmarks[index].x, decimals: 2)
    text.append(",")
    text.append(face.landmarks[index].y, decimals: 2)
    text.append("]")
  }
  text.append("]")
  if let id = face.id { text.append(",\"id\":\(id)") }
  text.append("}")
}

/// One line: the hash, source, frame. Integers are the same everywhere, so of an int8 model all that its heads give is
/// hashed. Floats differ in their last bits between instruction sets, so what is hashed is rounded: scores to 1/100,
/// coordinates to whole pixels.
func appendHash(_ report: FrameReport, _ faces: Faces, of detector: Detector, to text: inout ByteBuffer) {
  text.append(hexadecimal: detector.model.precision == .int8 ? detector.hashOfHeads : hash(of: faces))
  text.append(" ")
  text.append(printable(report.source))
  text.append(" ")
  text.append(report.frame)
  text.append("\n")
}

private func hash(of faces: Faces) -> UInt64 {
  var hash = Hash()
  hash.add(faces.count)
  for face in faces {
    hash.add(Int(face.score * 100 + 0.5))
    for value in [face.box.x1, face.box.y1, face.box.x2, face.box.y2] { hash.add(wholePixels(value)) }
    for index in 0..<5 {
      hash.add(wholePixels(face.landmarks[index].x))
      hash.add(wholePixels(face.landmarks[index].y))
    }
  }
  return hash.value
}

private func wholePixels(_ value: Float) -> Int {
  let limited = max(-1e9, min(1e9, value))
  return Int(limited + (limited < 0 ? -0.5 : 0.5))
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923), over the little-endian bytes of 64-bit integers.
struct Hash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ number: Int) {
    for shift in stride(from: 0, to: 64, by: 8) {
      value = (value ^ UInt64(UInt8(truncatingIfNeeded: number >> shift))) &* 0x0000_0100_0000_01b3
    }
  }
}
