// Reads still pictures: one file, or those of a folder in the order of their names.
import CHost
import Host
import Imaging

/// Reads pictures one after another; a bad one does not end the source.
public final class PictureSource {
  /// Counts of skipped pictures.
  public private(set) var skips = Skips()

  private let files: FileList
  private let reader = PictureReader()
  private let buffer = InputBuffer()
  private var position = 0
  private var index: Int64 = 0
  private var reportedFailures = 0
  /// Formats found that are not decoded, for one message each at the end.
  private var otherFormats: [SkippedFormat] = []

  /// Limit of a file's size: 100 megapixels take 600 MB as 16-bit PNM.
  private static let maxFileBytes: Int64 = 1 << 30

  private let isOwnOutput: (UnsafePointer<CChar>, UnsafeRawBufferPointer) -> Bool

  init(file: FilePath) {
    files = FileList(file: file)
    isOwnOutput = { _, _ in false }
  }

  init(folder: FilePath, _ options: SourceOptions) throws(CaptureError) {
    files = try FileList(folder: folder, isRecursive: options.isRecursive)
    isOwnOutput = options.isOwnOutput
  }

  func next() throws(CaptureError) -> CapturedFrame? {
    try reportFolders()
    while position < files.entries.count, rf_stop_requested() == 0 {
      let entry = files.entries[position]
      position += 1
      if let captured = try capture(entry) { return captured }
    }
    try reportFormats()
    guard index > 0 || files.isSingle || rf_stop_requested() != 0 else {
      index = 1
      throw .noPictures(name: files.folder?.text ?? "", isRecursive: files.isRecursive)
    }
    return nil
  }

  /// Reads the picture in a file; `nil` if the file is not a picture.
  private func capture(_ entry: FilePath) throws(CaptureError) -> CapturedFrame? {
    let name = files.name(of: entry), start = rf_seconds()
    do {
      let path = files.path(of: entry)
      guard try load(path, name, isGiven: files.isSingle || entry.looksLikePicture),
        !path.withCString({ isOwnOutput($0, buffer.bytes) })
      else { return nil }
      let picture = try read(name)
      if !files.isSingle, reader.restCount > 0, beginsFilm(buffer.bytes) == true {
        skip(FileFormat.recordedStream, name)
        return nil
      }
      defer { index += 1 }
      return CapturedFrame(
        frame: picture.frame, name: name, nameBytes: files.path(of: entry).nameBytes,
        relativeName: files.relativeName(of: entry), index: index,
        timestampSeconds: 0, capturedAtSeconds: start,
        captureMilliseconds: (rf_seconds() - start) * 1000)
    } catch {
      // A file that fails counts as a frame of the source.
      index += 1
      skips.add(error)
      throw error
    }
  }

  private func read(_ name: String) throws(CaptureError) -> Picture {
    do {
      return try reader.read(buffer.bytes)
    } catch {
      if case .noMemory = error { buffer.release() }
      if case .notAPicture = error, let format = FileFormat(buffer.bytes) {
        throw .otherFormat(example: name, count: 1, format: format.name, command: format.command)
      }
      throw .picture(name: name, error)
    }
  }

  /// Reads a file into the buffer. False if it is not a picture, by content and by name.
  private func load(_ path: FilePath, _ name: String, isGiven: Bool) throws(CaptureError) -> Bool {
    let file = path.withCString { rf_file_open($0) }
    guard file >= 0 else { throw .cannotOpen(name: name, reason: Errno(negative: file).message) }
    defer { close(file) }
    var info = rf_file_info()
    guard rf_file_look_open(file, &info) == 0, info.kind == RF_FILE_REGULAR else {
      if isGiven { throw .notASource(name: name) }
      return false
    }
    buffer.removeAll()
    // The first bytes identify pictures; most files are complete after the second read.
    try append(file, limit: 4096, name)
    guard try isPicture(name, isGiven: isGiven) else { return false }
    guard info.byte_count <= Self.maxFileBytes else {
      throw .picture(name: name, .unsupported(reason: "more than 1 GiB"))
    }
    var done = buffer.count
    while done > 0 {
      // Reads one byte more than expected, to detect the end; a file that is growing is read up to its initial size.
      done = try append(file, limit: max(1, Int(info.byte_count) - buffer.count + 1), name)
      if buffer.count > info.byte_count { break }
    }
    return true
  }

  /// Returns true if the file whose first bytes are in the buffer is to be read. In a folder, formats that are not decoded are
  /// collected for the messages at the end, and other files are ignored.
  private func isPicture(_ name: String, isGiven: Bool) throws(CaptureError) -> Bool {
    if files.isSingle || PictureKind(buffer.bytes) != nil { return true }
    if let format = FileFormat(buffer.bytes) {
      skip(format, name)
      return false
    }
    return isGiven
  }

  private func skip(_ format: FileFormat, _ name: String) {
    index += 1
    if let known = otherFormats.firstIndex(where: { $0.format == format }) {
      otherFormats[known].count += 1
    } else {
      otherFormats.append(SkippedFormat(format: format, example: name))
    }
    skips.unsupported += 1
  }

  @discardableResult
  private func append(_ file: Int32, limit: Int, _ name: String) throws(CaptureError) -> Int {
    let done = buffer.read(from: file, limit: limit)
    if done == -Int(ENOMEM) {
      buffer.release()
      throw .picture(name: name, .noMemory(reason: "\(limit / 1_000_000) MB of its file"))
    }
    guard done >= 0 else { throw .cannotRead(name: name, reason: Errno(negative: done).message) }
    return done
  }

  /// Throws the error of each folder that could not be listed, one per call.
  private func reportFolders() throws(CaptureError) {
    guard reportedFailures < files.failures.count else { return }
    reportedFailures += 1
    index += 1
    skips.unreadable += 1
    throw files.failures[reportedFailures - 1]
  }

  /// Throws an error for each format that was skipped, one per call.
  private func reportFormats() throws(CaptureError) {
    guard !otherFormats.isEmpty else { return }
    let skipped = otherFormats.removeFirst()
    throw .otherFormat(example: skipped.example, count: skipped.count, format: skipped.format.name, command: skipped.format.command)
  }
}
