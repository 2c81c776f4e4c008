// Still pictures: one file, or those of a folder in the order of their names. `next` does everything in turn; a program that reads
// pictures on several threads takes files, loads them with loaders of its own, and counts the contents in the files' order.
import CHost

/// The files of one source and the counts of their contents; a bad picture does not end the source.
///
/// `takeFile` may run on another thread than the other functions.
public final class PictureSource {
  /// Counts of skipped pictures.
  public private(set) var skips = Skips()

  private let files: FileList
  private var position = 0
  private let loader: PictureLoader
  private var index: Int64 = 0
  private var reportedFailures = 0
  /// Formats found that are not decoded, for one message each at the end.
  private var otherFormats: [SkippedFormat] = []

  init(file: FilePath) {
    files = FileList(file: file)
    loader = PictureLoader(SourceOptions())
  }

  init(folder: FilePath, _ options: SourceOptions) throws(CaptureError) {
    files = try FileList(folder: folder, isRecursive: options.isRecursive)
    loader = PictureLoader(options)
  }

  func next() throws(CaptureError) -> CapturedFrame? {
    _ = try takeFailure()
    while rf_stop_requested() == 0, let file = takeFile() {
      switch try load(file) {
      case .picture(var captured):
        captured.index = countPicture()
        return captured
      case .otherFormat(let format): count(format, of: file)
      case .noPicture, .ownOutput, .film: break
      }
    }
    try finish()
    return nil
  }

  /// Reads a file with the source's own loader, and counts an error.
  public func load(_ file: PictureFile) throws(CaptureError) -> PictureContent {
    do { return try loader.load(file, checksFilm: false) } catch {
      count(error)
      throw error
    }
  }

  /// True for one file that was named itself.
  public var isSingle: Bool { files.isSingle }

  /// Number of files, pictures or not.
  public var fileCount: Int { files.entries.count }

  /// Returns the next file; `nil` at the end.
  public func takeFile() -> PictureFile? {
    guard position < files.entries.count else { return nil }
    defer { position += 1 }
    let entry = files.entries[position]
    return PictureFile(path: files.path(of: entry), relativePath: entry, isAlone: files.isSingle)
  }

  /// Counts a picture. Returns its number in the source, from 0.
  public func countPicture() -> Int64 {
    defer { index += 1 }
    return index
  }

  /// Counts a file that failed. It has a number like a picture.
  public func count(_ error: CaptureError) {
    index += 1
    skips.add(error)
  }

  /// Counts a file of a format that is not decoded; it is reported at the end.
  public func count(_ format: FileFormat, of file: PictureFile) {
    index += 1
    if let known = otherFormats.firstIndex(where: { $0.format == format }) {
      otherFormats[known].count += 1
    } else {
      otherFormats.append(SkippedFormat(format: format, example: file.name))
    }
    skips.unsupported += 1
  }

  /// Throws the error of each folder that could not be listed, one per call, before the first file. Returns false after the last.
  public func takeFailure() throws(CaptureError) -> Bool {
    guard reportedFailures < files.failures.count else { return false }
    reportedFailures += 1
    index += 1
    skips.unreadable += 1
    throw files.failures[reportedFailures - 1]
  }

  /// Throws an error for each format that was skipped, one per call, and for a folder without pictures, after the last file.
  public func finish() throws(CaptureError) {
    if !otherFormats.isEmpty {
      let skipped = otherFormats.removeFirst()
      throw .otherFormat(example: skipped.example, count: skipped.count, skipped.format)
    }
    guard index > 0 || files.isSingle || rf_stop_requested() != 0 else {
      index = 1
      throw .noPictures(name: files.folder?.text ?? "", isRecursive: files.isRecursive)
    }
  }
}
