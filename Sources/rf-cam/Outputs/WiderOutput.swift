// --format wider: WIDER FACE's official prediction files, as its evaluation reads them (WIDER FACE, submission format):
// EVENT/PICTURE.txt with the picture's name, the number of faces, and x y width height score a line.
import CHost
import CommandLine
import Host
import Imaging
import Report
import RetinaFace

/// Prediction files, one per picture or frame.
final class WiderOutput: Output {
  private let files: OutputFiles
  private let folder: FileName
  private var text = ByteBuffer()

  init(_ files: OutputFiles, folder: FileName) { (self.files, self.folder) = (files, folder) }

  override func endSource() { files.endSource() }

  override func write(_ frame: inout OutputFrame, _ statistics: borrowing Statistics) throws(ProgramError) {
    let report = frame.report
    let prediction = PredictionName(source: report.source, folder: folder)
    try files.make(prediction.folder)
    let file = OutputFile(folder: prediction.folder, suffix: [], ending: ".txt")
    var name = prediction.name
    if !frame.isPicture { name += FileName("-\(report.frame)".utf8) }
    text.clear()
    appendWider(frame.faces, name: name, to: &text)
    let bytes = text.bytes
    let body: ([OutputPath]) throws(ProgramError) -> Void = { paths throws(ProgramError) in
      let failure: ProgramError? = bytes.withUnsafeBytes { bytes in
        do throws(ProgramError) { try self.files.publish(paths[0], bytes) } catch { return error }
        return nil
      }
      if let failure { throw failure }
    }
    guard frame.isPicture else {
      return try files.writeStream(prediction.name, report.frame, width: 1, [prediction.folder], [file], body)
    }
    let owner = OutputOwner(source: report.source) { path, info in
      let there = firstBytes(of: path, info, count: OutputFiles.maxOwnBytes)
      return isWider(there, name: name) ? .own : .foreign
    }
    let given = try files.paths.paths(of: [file], stem: prediction.name, key: hash(of: report.source), owner: owner)
    let wanted = outputPath(file, stem: prediction.name, number: 1)
    // An evaluation reads the picture's own name, so a name with a number is always reported.
    if given[0].path != wanted, !files.isQuiet {
      log("\(String(fileName: wanted)): exists and is not replaced: writing \(String(fileName: lastComponent(of: given[0].path)))")
    }
    try body(given)
  }
}

/// The path of a source's prediction file. EVENT is the folder of the picture.
struct PredictionName {
  let folder: FileName
  /// Without ending; a frame of a stream gets its number after it.
  let name: FileName

  init(source: FileName, folder: FileName) {
    let event = parentComponent(of: source)
    self.folder = event.isEmpty ? folder : folder + FileName("/".utf8) + event
    name = withoutExtension(lastComponent(of: source))
  }
}

/// Appends the prediction file of a picture of that name.
func appendWider(_ faces: Faces, name: FileName, to text: inout ByteBuffer) {
  text.append(printable(name))
  text.append("\n\(faces.count)\n")
  for face in faces { appendWider(face, to: &text) }
}

private func appendWider(_ face: Face, to text: inout ByteBuffer) {
  for value in [face.box.x1, face.box.y1, face.box.width, face.box.height] {
    text.append(value, decimals: 2)
    text.append(" ")
  }
  text.append(face.score, decimals: 5)
  text.append("\n")
}

/// Returns true if a file is what `appendWider` writes for a picture of that name, with any numbers.
func isWider(_ file: [UInt8], name: FileName) -> Bool {
  var lines = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
  guard lines.popLast()?.isEmpty == true, lines.popFirst()?.elementsEqual(printable(name)) == true,
    let count = lines.popFirst(), count.elementsEqual("\(lines.count)".utf8)
  else { return false }
  return lines.allSatisfy(isWiderLine)
}

private func isWiderLine(_ line: [UInt8].SubSequence) -> Bool {
  let numbers = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
  return numbers.count == 5 && numbers.indices.allSatisfy { isDecimal(numbers[$0], decimals: $0 < 4 ? 2 : 5) }
}

/// A sign at most, digits, a point, and so many digits.
private func isDecimal(_ text: [UInt8].SubSequence, decimals: Int) -> Bool {
  let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
  guard let point = digits.firstIndex(of: UInt8(ascii: ".")), point > digits.startIndex,
    digits.endIndex - point - 1 == decimals
  else { return false }
  return digits.indices.allSatisfy { $0 == point || (48...57).contains(digits[$0]) }
}
