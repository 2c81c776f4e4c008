// Formats the results of a frame: text, JSON or a hash. Appends bytes only; the caller writes them.
import Engine
import Imaging
import RetinaFace

/// A frame's properties that results name in addition to its faces.
public struct FrameReport {
  /// The name as the user or a folder gave it: bytes, which need not be UTF-8.
  public var source: [UInt8]
  /// Counted from 0 in its source.
  public var frame: Int64
  public var timestampSeconds: Double
  /// The time of day of the frame, seconds since 1970 in UTC; nil: unknown, as for films and pictures.
  public var timeOfDay: Double?
  /// Pixels.
  public var width: Int
  /// Pixels.
  public var height: Int
  public var latencyMilliseconds: Double
  /// Boxes of covered places without a face in this frame, pixels.
  public var held: [Box] = []

  public init(source: [UInt8], frame: Int64, timestampSeconds: Double, width: Int, height: Int, latencyMilliseconds: Double) {
    self.source = source
    self.frame = frame
    self.timestampSeconds = timestampSeconds
    self.width = width
    self.height = height
    self.latencyMilliseconds = latencyMilliseconds
  }
}

/// Appends one line per face: source, score, box, landmarks. Faces of a stream end with the id, so that the columns before it
/// stay.
public func appendText(_ report: FrameReport, _ faces: Faces, to text: inout ByteBuffer) {
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

/// The first line of CSV.
public let csvHeader: StaticString = """
  source,frame,timestamp_s,id,score,x1,y1,x2,y2,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y,\
  left_mouth_x,left_mouth_y,right_mouth_x,right_mouth_y

  """

/// Appends one line of comma-separated values per face (RFC 4180, but lines end in a line feed): the columns of `csvHeader`, with the
/// decimals of JSON. Faces of pictures have no id. Control characters in names are replaced as in text, so that a row is one line.
public func appendCSV(_ report: FrameReport, _ faces: Faces, to text: inout ByteBuffer) {
  for face in faces {
    appendCSVField(printable(report.source), to: &text)
    text.append(",")
    text.append(report.frame)
    text.append(",")
    text.append(report.timestampSeconds, decimals: 6)
    text.append(",")
    if let id = face.id { text.append(id) }
    text.append(",")
    text.append(face.score, decimals: 5)
    for value in [face.box.x1, face.box.y1, face.box.x2, face.box.y2] { appendCSV(value, to: &text) }
    for index in 0..<5 {
      appendCSV(face.landmarks[index].x, to: &text)
      appendCSV(face.landmarks[index].y, to: &text)
    }
    text.append("\n")
  }
}

private func appendCSV(_ value: Float, to text: inout ByteBuffer) {
  text.append(",")
  text.append(value, decimals: 2)
}

/// Quotes a field where a reader would divide it.
private func appendCSVField(_ field: [UInt8], to text: inout ByteBuffer) {
  let quote = UInt8(ascii: "\"")
  guard field.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") }) || field.first == 32 || field.last == 32 else {
    return text.append(field)
  }
  text.append(byte: quote)
  for byte in field {
    if byte == quote { text.append(byte: quote) }
    text.append(byte: byte)
  }
  text.append(byte: quote)
}

/// The files that were written for a frame.
public struct WrittenFiles {
  /// nil: none.
  public var picture: [UInt8]?
  /// One per face, nil for a face without a file; nil: no files of faces were asked for.
  public var crops: [[UInt8]?]?

  public init() {}
}

private func appendJSON(_ files: WrittenFiles, to text: inout ByteBuffer) {
  if let picture = files.picture {
    text.append(",\"output\":")
    text.append(jsonString: picture)
  }
  guard let crops = files.crops else { return }
  text.append(",\"crops\":[")
  for (index, crop) in crops.enumerated() {
    if index > 0 { text.append(",") }
    if let crop { text.append(jsonString: crop) } else { text.append("null") }
  }
  text.append("]")
}

/// Appends one JSON object per frame on one line: scores to five decimals, coordinates to two, times to microseconds.
public func appendJSON(_ report: FrameReport, _ faces: Faces, _ files: WrittenFiles = WrittenFiles(), to text: inout ByteBuffer) {
  appendJSONObject(report, faces, files, to: &text)
  text.append("\n")
}

/// Appends a JSON object on one line that tells why a source or a frame of it gave no result.
public func appendJSONFailure(_ problem: [UInt8], of source: [UInt8], to text: inout ByteBuffer) {
  appendJSONBeginning(source, to: &text)
  text.append(",\"error\":")
  text.append(jsonString: problem)
  text.append("}\n")
}

/// Appends the beginning of a JSON object. A source whose name is not UTF-8 has its bytes as Base64 in `source_bytes`.
///
/// Equal sources have equal beginnings, so that a results file can be searched for a source without decoding it.
public func appendJSONBeginning(_ source: [UInt8], to text: inout ByteBuffer) {
  text.append("{\"source\":")
  text.append(jsonString: source)
  if !isUTF8(source) {
    text.append(",\"source_bytes\":\"")
    text.append(base64: source)
    text.append("\"")
  }
}

/// Appends the same without the end of line.
public func appendJSONObject(_ report: FrameReport, _ faces: Faces, _ files: WrittenFiles = WrittenFiles(), to text: inout ByteBuffer) {
  appendJSONBeginning(report.source, to: &text)
  appendTimes(report, to: &text)
  text.append(",\"width\":")
  text.append(report.width)
  text.append(",\"height\":")
  text.append(report.height)
  text.append(",\"latency_ms\":")
  text.append(report.latencyMilliseconds, decimals: 3)
  appendJSON(files, to: &text)
  if !report.held.isEmpty { appendHeld(report.held, to: &text) }
  text.append(",\"faces\":[")
  for index in faces.indices {
    if index > 0 { text.append(",") }
    appendJSON(faces[index], to: &text)
  }
  text.append("]}")
}

/// Appends the number of a frame and its times.
func appendTimes(_ report: FrameReport, to text: inout ByteBuffer) {
  text.append(",\"frame\":")
  text.append(report.frame)
  text.append(",\"timestamp_s\":")
  text.append(report.timestampSeconds, decimals: 6)
  guard let time = report.timeOfDay else { return }
  text.append(",\"time\":\"")
  text.append(timeOfDay: time)
  text.append("\"")
}

private func appendHeld(_ boxes: [Box], to text: inout ByteBuffer) {
  text.append(",\"held\":[")
  for (index, box) in boxes.enumerated() {
    text.append(index == 0 ? "[" : ",[")
    appendCorners(box, to: &text)
  }
  text.append("]")
}

func appendBox(_ box: Box, to text: inout ByteBuffer) {
  text.append(",\"box\":[")
  appendCorners(box, to: &text)
}

private func appendCorners(_ box: Box, to text: inout ByteBuffer) {
  text.append(box.x1, decimals: 2)
  for value in [box.y1, box.x2, box.y2] {
    text.append(",")
    text.append(value, decimals: 2)
  }
  text.append("]")
}

private func appendJSON(_ face: Face, to text: inout ByteBuffer) {
  text.append("{\"score\":")
  text.append(face.score, decimals: 5)
  appendBox(face.box, to: &text)
  text.append(",\"landmarks\":[")
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

/// Returns the hash of the frame that the detector has just processed.
///
/// Int8 models: the hash of all head values, which are integers and therefore equal on all machines. Float32 models: the hash
/// of scores rounded to 1/100 and coordinates rounded to pixels, because the last bits differ between instruction sets.
/// - Precondition: `detector` was made with `hashesHeads`, or its model is float32.
public func resultHash(of faces: Faces, by detector: Detector) -> UInt64 {
  detector.model.precision == .int8 ? detector.hashOfHeads : hash(of: faces)
}

/// Appends one line per frame: hash, source, frame number.
public func appendHash(_ report: FrameReport, _ hash: UInt64, to text: inout ByteBuffer) {
  text.append(hexadecimal: hash)
  text.append(" ")
  text.append(printable(report.source))
  text.append(" ")
  text.append(report.frame)
  text.append("\n")
}

private func hash(of faces: Faces) -> UInt64 {
  var hash = Fingerprint()
  func add(_ number: Int) { hash.add(UInt64(bitPattern: Int64(number))) }
  add(faces.count)
  for face in faces {
    add(Int(face.score * 100 + 0.5))
    for value in [face.box.x1, face.box.y1, face.box.x2, face.box.y2] { add(wholePixels(value)) }
    for index in 0..<5 {
      add(wholePixels(face.landmarks[index].x))
      add(wholePixels(face.landmarks[index].y))
    }
  }
  return hash.value
}

private func wholePixels(_ value: Float) -> Int {
  let limited = max(-1e9, min(1e9, value))
  return Int(limited + (limited < 0 ? -0.5 : 0.5))
}
