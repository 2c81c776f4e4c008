// Still pictures: one file, or those of a folder in the order of their names.
import CHost
import Imaging

/// Reads pictures one after another; a bad one does not end the others.
public final class PictureSource {
  private let files: FileList
  private let reader = PictureReader()
  private let buffer = ByteBuffer()
  private var position = 0
  private var index: Int64 = 0

  /// Larger files hold no picture that would be accepted: 100 megapixels take 600 MB as 16-bit PNM.
  private static let mostFileBytes = 1 << 30

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
    while position < files.entries.count, rf_stop_requested() == 0 {
      let entry = files.entries[position]
      position += 1
      let name = files.name(of: entry)
      let start = rf_seconds()
      guard try load(files.path(of: entry), name, isGiven: files.isSingle || entry.looksLikePicture),
            !files.path(of: entry).withCString({ isOwnOutput($0, buffer.bytes) }) else { continue }
      index += 1
      let picture: Picture
      do { picture = try reader.read(buffer.bytes) } catch { throw .picture(name: name, error) }
      return CapturedFrame(frame: picture.frame, name: name, nameBytes: files.path(of: entry).nameBytes,
                           relativeName: files.relativeName(of: entry), index: index - 1,
                           timestampSeconds: 0, capturedAtSeconds: start,
                           captureMilliseconds: (rf_seconds() - start) * 1000)
    }
    guard index > 0 || files.isSingle || rf_stop_requested() != 0 else {
      index = 1
      throw .noPictures(name: files.folder?.text ?? "", isRecursive: files.isRecursive)
    }
    return nil
  }

  /// Reads a file into the buffer. False where it is only a neighbour of pictures, by content as well as by name.
  private func load(_ path: FilePath, _ name: String, isGiven: Bool) throws(CaptureError) -> Bool {
    let file = path.withCString { rf_file_open($0) }
    guard file >= 0 else { throw failed { .cannotOpen(name: name, reason: systemReason(file)) } }
    defer { close(file) }
    var info = rf_file_info()
    guard rf_file_look_open(file, &info) == 0, info.kind == RF_FILE_REGULAR else {
      if isGiven { throw failed { .notASource(name: name) } }
      return false
    }
    guard info.byte_count <= Self.mostFileBytes else {
      throw failed { .picture(name: name, .unsupported(reason: "more than 1 GiB")) }
    }
    buffer.removeAll()
    // The first piece tells whether it is a picture at all; most are whole by the second.
    try append(file, most: 4096, name)
    guard isGiven || PictureKind(buffer.bytes) != nil else { return false }
    var done = buffer.count
    while done > 0 {
      // One byte more than there should be, so that the end is seen; a file that is growing is read as it was.
      done = try append(file, most: max(1, Int(info.byte_count) - buffer.count + 1), name)
      if buffer.count > info.byte_count { break }
    }
    return true
  }

  @discardableResult
  private func append(_ file: Int32, most: Int, _ name: String) throws(CaptureError) -> Int {
    let done = buffer.read(from: file, most: most)
    guard done >= 0 else { throw failed { .cannotRead(name: name, reason: systemReason(done)) } }
    return done
  }

  /// A file that fails counts as a frame of the source.
  private func failed(_ error: () -> CaptureError) -> CaptureError {
    index += 1
    return error()
  }
}
