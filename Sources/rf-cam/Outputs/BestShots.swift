// The best picture of each track, and the file that --best-shots makes of it.
import Capture
import CommandLine
import Host
import Imaging
import RetinaFace

/// The best aligned face of a track so far.
struct BestShot {
  /// 0...1; below 0 before the first picture.
  var quality: Float = -1
  var face: Face
  /// The pixels of the aligned face.
  var pixels: [UInt8] = []
  /// True if the track was reported without this picture.
  var isNew = false
  /// The file that has an earlier picture of the track.
  var file: FileName?
}

/// Chooses and writes the pictures of tracks, with memory for one.
final class BestShots {
  private let folder: FileName?
  private let files: OutputFiles
  private let crop = Picture(width: FaceTemplate.side, height: FaceTemplate.side)
  private let writer = PictureWriter()

  /// Makes the folder.
  init(_ options: Options, _ paths: OutputPaths) throws(ProgramError) {
    folder = options.bestShots.map { FileName($0.bytes) }
    files = OutputFiles(options, paths)
    if let folder { try files.make(folder) }
  }

  func endSource() { files.endSource() }

  /// Replaces the shot if the face of this frame is better.
  func update(_ shot: inout BestShot, _ face: Face, _ frame: Frame) {
    // Without the picture: a face that is smaller or turned further away costs nothing.
    let bound = FaceQuality.bound(face.landmarks) * face.score
    guard bound > shot.quality, crop.cropFace(face.landmarks, from: frame) else { return }
    let quality = bound * FaceQuality.sharpness(crop)
    guard quality > shot.quality else { return }
    (shot.quality, shot.face, shot.isNew) = (quality, face, true)
    if folder != nil { shot.pixels = Array(UnsafeBufferPointer(start: crop.pixels, count: crop.height * crop.strideBytes)) }
  }

  /// Writes the picture of a track, over its earlier one of this run. Returns its path; nil without --best-shots.
  func write(_ shot: inout BestShot, id: Int64, of stream: FileName) throws(ProgramError) -> FileName? {
    guard let folder, !shot.pixels.isEmpty else { return nil }
    crop.resize(width: FaceTemplate.side, height: FaceTemplate.side)
    crop.pixels.update(from: shot.pixels, count: shot.pixels.count)
    let bytes: [UInt8]
    do throws(PictureError) { bytes = try sealedJPEG(crop, writer, source: hash(of: stream)) } catch {
      throw .picture(path: String(fileName: stream), error)
    }
    if let file = shot.file, let info = fileInfo(file) {
      try publish(OutputPath(path: file, replaced: info), bytes)
      return file
    }
    var path: FileName?
    let wanted = OutputFile(folder: folder, suffix: [], ending: ".jpg")
    try files.writeStream(streamStem(relativeName: String(decoding: stream, as: UTF8.self)), id, width: 6, [folder], [wanted]) {
      paths throws(ProgramError) in
      try self.publish(paths[0], bytes)
      path = paths[0].path
    }
    shot.file = path
    return path
  }

  private func publish(_ path: OutputPath, _ bytes: [UInt8]) throws(ProgramError) {
    let result: Result<Void, ProgramError> = bytes.withUnsafeBytes { bytes in
      do throws(ProgramError) { return .success(try files.publish(path, bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }
}
