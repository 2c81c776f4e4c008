// --output -: the frames as a Y4M film on standard output, for ffmpeg and virtual cameras.
// Source: yuv4mpeg(5) of mjpegtools.
import CHost
import Capture
import CommandLine
import Host
import Imaging
import Report
import RetinaFace

/// Writes annotated or anonymised frames. A frame that cannot be read becomes black, so that the film keeps its length and shows nothing
/// that was not processed.
final class VideoOutput: Output {
  private let cover: Cover?
  private let lookAhead: Int
  private let rate: StreamRate?
  /// The frames that wait for --look-ahead, oldest first, and one to draw the next frame on.
  private var waiting: [PlanarPicture] = []
  private var spare: [PlanarPicture] = []
  /// For boxes.
  private let canvas = Picture(width: 1, height: 1)
  private var size: (width: Int, height: Int)?
  /// The number of the next frame of the source.
  private var nextFrame: Int64 = 0

  init(_ options: Options) {
    cover = options.anonymisation.style.map { Cover($0, keep: options.anonymisation.keep) }
    lookAhead = options.anonymisation.lookAhead
    rate = options.rate
    super.init()
  }

  override var usesPixels: Bool { true }

  override func write(_ frame: inout OutputFrame, _ statistics: borrowing Statistics) throws(ProgramError) {
    guard !frame.isPicture, let pixels = frame.pixels?.frame else { throw .video(path: frame.name) }
    if size == nil { try begin(frame) }
    guard let size, pixels.width == size.width, pixels.height == size.height else {
      nextFrame = frame.report.frame + 1
      try add(try blackFrame())
      throw .videoSize(path: frame.name, width: pixels.width, height: pixels.height)
    }
    // Dropped frames of a camera are no part of the film; damaged frames of a film are.
    if frame.report.timeOfDay == nil {
      for _ in nextFrame..<max(nextFrame, frame.report.frame) { try add(try blackFrame()) }
    }
    nextFrame = frame.report.frame + 1
    let picture = spare.popLast() ?? PlanarPicture()
    guard try take(pixels, frame.faces, into: picture) else {
      throw .picture(path: frame.name, .noMemory(pixels: size.width * size.height))
    }
    if let cover {
      for shape in frame.covered.shapes { cover.apply(shape, to: picture) }
      coverEarlier(frame.covered.earlier, cover)
    }
    try add(picture)
  }

  /// Takes the frame, with boxes unless faces are covered. Returns false if memory is exhausted.
  private func take(_ frame: Frame, _ faces: Faces, into picture: PlanarPicture) throws(ProgramError) -> Bool {
    if cover != nil { return picture.take(frame) }
    guard canvas.copy(frame) else { return false }
    canvas.draw(faces)
    return picture.take(canvas)
  }

  /// Covers faces in frames that were not written yet: the last of the places belongs to the newest of them.
  private func coverEarlier(_ earlier: [[CoverShape]], _ cover: Cover) {
    for places in earlier {
      for (shape, picture) in zip(places.reversed(), waiting.reversed()) { cover.apply(shape, to: picture) }
    }
  }

  override func endSource() {
    do { while !waiting.isEmpty { try writeOldest() } } catch { logError(error.description) }
    nextFrame = 0
  }

  private func begin(_ frame: OutputFrame) throws(ProgramError) {
    size = (frame.report.width, frame.report.height)
    var header = ByteBuffer()
    let rate = frame.rate ?? rate
    header.append(
      "YUV4MPEG2 W\(frame.report.width) H\(frame.report.height) F\(rate?.frames ?? 30):\(rate?.seconds ?? 1) Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n"
    )
    try send(&header)
  }

  private func add(_ picture: PlanarPicture) throws(ProgramError) {
    waiting.append(picture)
    if waiting.count > lookAhead { try writeOldest() }
  }

  private func writeOldest() throws(ProgramError) {
    let picture = waiting.removeFirst()
    var bytes = ByteBuffer()
    bytes.append("FRAME\n")
    try send(&bytes)
    let result = rf_file_write_all(STDOUT_FILENO, picture.bytes.baseAddress, picture.bytes.count)
    spare.append(picture)
    if result < 0 { try fail(Errno(negative: result)) }
  }

  private func blackFrame() throws(ProgramError) -> PlanarPicture {
    let picture = spare.popLast() ?? PlanarPicture(), size = size ?? (2, 2)
    guard picture.blacken(width: size.width, height: size.height) else {
      throw .picture(path: "standard output", .noMemory(pixels: size.width * size.height))
    }
    return picture
  }

  private func send(_ bytes: inout ByteBuffer) throws(ProgramError) {
    do { try bytes.write(to: STDOUT_FILENO) } catch { try fail(error) }
  }

  /// A reader that has ended ends the run.
  private func fail(_ error: Errno) throws(ProgramError) {
    close()
    if error != Errno(EPIPE) { throw .file(action: "write", path: "standard output", error) }
  }
}
