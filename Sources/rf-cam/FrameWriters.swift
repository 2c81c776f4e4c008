// --output and --crops: frames with what was found drawn on them, and the faces themselves, aligned.
import Capture
import CHost
import Imaging
import RetinaFace

/// Writes pictures as JPEG under one folder, whole or not at all.
struct FolderWriter {
  private let folder: FileName
  private let encoder = PictureWriter()

  /// Makes the folder.
  init(_ folder: Argument) throws(ProgramError) {
    self.folder = FileName(folder.bytes)
    try makeFolder(self.folder)
  }

  /// - Parameters:
  ///   - stem: the name under the folder, without ending; folders in it are made.
  ///   - source: the picture that it came from, which must not be written over; empty: a stream.
  func write(_ picture: Picture, stem: FileName, source: FileName) throws(ProgramError) {
    let path = self.folder + FileName("/".utf8) + stem + FileName(".jpg".utf8)
    if stem.contains(UInt8(ascii: "/")) { try makeFolder(parent(of: path)) }
    if !source.isEmpty, isSameFile(path, source) { throw .overwritesSource(path: String(fileName: path)) }
    let bytes: UnsafeRawBufferPointer
    do {
      bytes = try encoder.encode(picture)
    } catch {
      throw .picture(path: String(fileName: path), error)
    }
    try check(tryToReplaceFile(path, with: bytes), "write", path)
  }
}

/// Draws every face of a frame on a copy of it.
final class AnnotationWriter {
  private let writer: FolderWriter
  private let canvas = Picture(width: 1, height: 1)

  init(folder: Argument) throws(ProgramError) { writer = try FolderWriter(folder) }

  func write(_ frame: Frame, _ faces: Faces, stem: FileName, source: FileName) throws(ProgramError) {
    canvas.copy(frame)
    canvas.draw(faces)
    try writer.write(canvas, stem: stem, source: source)
  }
}

/// Cuts every face of a frame out, upright and at one size.
final class CropWriter {
  private let writer: FolderWriter
  private let crop = Picture(width: FaceTemplate.side, height: FaceTemplate.side)

  init(folder: Argument) throws(ProgramError) { writer = try FolderWriter(folder) }

  /// A face whose landmarks all lie at one place has no direction and is left out.
  func write(_ frame: Frame, _ faces: Faces, stem: FileName, source: FileName) throws(ProgramError) {
    for index in faces.indices where crop.cropFace(faces[index].landmarks, from: frame) {
      try writer.write(crop, stem: stem + FileName("-face\(index)".utf8), source: source)
    }
  }
}
