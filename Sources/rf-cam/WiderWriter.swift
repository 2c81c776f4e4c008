// --format wider: WIDER FACE's official prediction files, as its evaluation reads them (WIDER FACE, submission format):
// EVENT/PICTURE.txt with the picture's name, the number of faces, and x y width height score a line.
import Imaging
import RetinaFace

/// Writes one picture's prediction file under `folder`. EVENT is the folder that the picture lies in.
///
/// A frame of a stream gets its number after the name.
func writeWider(_ report: FrameReport, _ faces: Faces, folder: Argument, isPicture: Bool,
                text: inout ByteBuffer) throws(ProgramError) {
  var path = ByteBuffer()
  path.append(folder.bytes)
  path.append("/")
  let event = parentComponent(of: report.source)
  if !event.isEmpty {
    path.append(event)
    path.append("/")
  }
  try makeFolder(path.bytes)
  var name = ByteBuffer()
  name.append(withoutExtension(lastComponent(of: report.source)))
  if !isPicture { name.append("-\(report.frame)") }
  path.append(name.bytes)
  path.append(".txt")
  text.clear()
  text.append(printable(name.bytes))
  text.append("\n\(faces.count)\n")
  for face in faces { appendWider(face, to: &text) }
  let result = text.bytes.withUnsafeBytes { tryToReplaceFile(path.bytes, with: $0) }
  text.clear()
  try check(result, "write", path.bytes)
}

private func appendWider(_ face: Face, to text: inout ByteBuffer) {
  for value in [face.box.x1, face.box.y1, face.box.width, face.box.height] {
    text.append(value, decimals: 2)
    text.append(" ")
  }
  text.append(face.score, decimals: 5)
  text.append("\n")
}
