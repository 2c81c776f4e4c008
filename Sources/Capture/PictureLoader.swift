// Reads picture files one after another with the same memory. A thread has its own loader.
import CHost
import Host
import Imaging

/// Reads and decodes picture files.
public final class PictureLoader {
  private let reader = PictureReader()
  private let buffer = InputBuffer()
  private let isOwnOutput: (UnsafePointer<CChar>, UnsafeRawBufferPointer) -> Bool

  /// Limit of a file's size: 100 megapixels take 600 MB as 16-bit PNM.
  private static let maxFileBytes: Int64 = 1 << 30

  /// Creates a loader without memory; it grows with the files.
  public init(_ options: SourceOptions) { isOwnOutput = options.isOwnOutput }

  /// Reads a file.
  ///
  /// - Parameter checksFilm: false if `Source.open` has already decided that the file is no film.
  /// - Throws: `CaptureError` for a file that cannot be read or decoded; the loader stays usable.
  public func load(_ file: PictureFile, checksFilm: Bool) throws(CaptureError) -> PictureContent {
    let start = rf_seconds()
    if checksFilm, file.isAlone, isFilm(file.path) { return .film }
    if let content = try readBytes(file) { return content }
    let picture = try decode(file)
    if !file.isAlone, reader.restCount > 0, beginsFilm(buffer.bytes) == true { return .otherFormat(FileFormat.recordedStream) }
    return .picture(
      CapturedFrame(
        frame: picture.frame, name: file.name, nameBytes: file.nameBytes, relativeName: file.relativePath.text, index: 0,
        timestampSeconds: 0, capturedAtSeconds: start, captureMilliseconds: (rf_seconds() - start) * 1000))
  }

  private func decode(_ file: PictureFile) throws(CaptureError) -> Picture {
    do {
      return try reader.read(buffer.bytes)
    } catch {
      if case .noMemory = error { buffer.release() }
      if case .notAPicture = error, let format = FileFormat(buffer.bytes) {
        throw .otherFormat(example: file.name, count: 1, format)
      }
      throw .picture(name: file.name, error)
    }
  }

  /// Reads a file into the buffer. Returns its content if it is no picture to decode.
  private func readBytes(_ picture: PictureFile) throws(CaptureError) -> PictureContent? {
    let file = picture.path.withCString { rf_file_open($0) }
    guard file >= 0 else { throw .cannotOpen(name: picture.name, reason: Errno(negative: file).message) }
    defer { close(file) }
    var info = rf_file_info()
    guard rf_file_look_open(file, &info) == 0, info.kind == RF_FILE_REGULAR else {
      if picture.isGiven { throw .notASource(name: picture.name) }
      return .noPicture
    }
    buffer.removeAll()
    // The first bytes identify pictures; most files are complete after the second read.
    try append(file, limit: 4096, picture)
    if let content = otherContent(picture) { return content }
    guard info.byte_count <= Self.maxFileBytes else {
      throw .picture(name: picture.name, .unsupported(reason: "more than 1 GiB"))
    }
    var done = buffer.count
    while done > 0 {
      // Reads one byte more than expected, to detect the end; a file that is growing is read up to its initial size.
      done = try append(file, limit: max(1, Int(info.byte_count) - buffer.count + 1), picture)
      if buffer.count > info.byte_count { break }
    }
    return !picture.isAlone && picture.path.withCString({ isOwnOutput($0, buffer.bytes) }) ? .ownOutput : nil
  }

  /// Decides from the first bytes whether a file of a folder is left out.
  private func otherContent(_ file: PictureFile) -> PictureContent? {
    if file.isAlone || PictureKind(buffer.bytes) != nil { return nil }
    if let format = FileFormat(buffer.bytes) { return .otherFormat(format) }
    return file.isGiven ? nil : .noPicture
  }

  @discardableResult
  private func append(_ file: Int32, limit: Int, _ picture: PictureFile) throws(CaptureError) -> Int {
    let done = buffer.read(from: file, limit: limit)
    if done == -Int(ENOMEM) {
      buffer.release()
      throw .picture(name: picture.name, .noMemory(reason: "\(limit / 1_000_000) MB of its file"))
    }
    guard done >= 0 else { throw .cannotRead(name: picture.name, reason: Errno(negative: done).message) }
    return done
  }
}
