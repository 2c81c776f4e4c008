// Lists the files of a folder by name. Names are bytes, as in Linux: a name that is not UTF-8 can be opened.
import CHost
import Host

/// A path in the system's bytes.
struct FilePath {
  /// Bytes with the final zero.
  private var bytes: ContiguousArray<CChar>

  /// Returns the path of a name in this folder.
  func appending(_ name: FilePath) -> FilePath {
    var joined = self
    joined.bytes.removeLast()
    if joined.bytes.last != 47 { joined.bytes.append(47) }
    joined.bytes += name.bytes
    return joined
  }

  init(_ name: UnsafePointer<CChar>) { bytes = ContiguousArray(UnsafeBufferPointer(start: name, count: strlen(name) + 1)) }

  /// The part after the last slash.
  var lastComponent: FilePath {
    guard let slash = bytes.lastIndex(of: 47) else { return self }
    var last = self
    last.bytes.removeFirst(slash + 1)
    return last
  }

  func isSame(as other: FilePath) -> Bool { bytes.elementsEqual(other.bytes) }

  func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
    bytes.withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// The system's bytes without the final zero.
  var nameBytes: [UInt8] { bytes.dropLast().map { UInt8(bitPattern: $0) } }

  /// The path for messages: bytes that are not UTF-8 become replacement characters.
  var text: String { String(decoding: bytes.dropLast().lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self) }

  /// Orders by the names' bytes, which for UTF-8 is the order of code points.
  static func precedes(_ a: FilePath, _ b: FilePath) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
  }

  /// True if the name has a picture's ending. Such a file is an error if it cannot be read; others are skipped.
  var looksLikePicture: Bool { hasEnding([".jpg", ".jpeg", ".png", ".webp", ".pnm", ".ppm", ".pgm", ".pbm"]) }

  /// True if the name has one of these endings, in upper or lower case.
  func hasEnding(_ endings: [StaticString]) -> Bool {
    endings.contains { ending in
      let count = ending.utf8CodeUnitCount
      return bytes.count > count
        && zip(bytes.dropLast().suffix(count), 0..<count).allSatisfy { byte, index in
          let lower = (65...90).contains(byte) ? byte + 32 : byte
          return UInt8(bitPattern: lower) == ending.utf8Start[index]
        }
    }
  }
}

/// One file, or the files of a folder sorted by name. Hidden files are skipped; links to folders are not followed.
struct FileList {
  /// Paths relative to the folder; a single file has its own path.
  private(set) var entries: [FilePath] = []
  /// Folders that could not be listed completely; the others are read nevertheless.
  private(set) var failures: [CaptureError] = []
  /// The folder as the user gave it; nil for a single file.
  let folder: FilePath?
  let isRecursive: Bool
  var isSingle: Bool { folder == nil }

  init(file: FilePath) {
    folder = nil
    isRecursive = false
    entries = [file]
  }

  init(folder: FilePath, isRecursive: Bool) throws(CaptureError) {
    self.folder = folder
    self.isRecursive = isRecursive
    var pending: [FilePath] = []
    try list(nil, in: folder, pending: &pending)
    while let below = pending.popLast() {
      do { try list(below, in: folder, pending: &pending) } catch { failures.append(error) }
    }
    entries.sort(by: FilePath.precedes)
  }

  func path(of entry: FilePath) -> FilePath { folder?.appending(entry) ?? entry }
  func name(of entry: FilePath) -> String { path(of: entry).text }
  func relativeName(of entry: FilePath) -> String { entry.text }

  /// Adds the files of the folder itself (`nil`) or of one below it, and appends its subfolders to `pending`.
  private mutating func list(
    _ below: FilePath?, in folder: FilePath,
    pending: inout [FilePath]
  ) throws(CaptureError) {
    let path = below.map { folder.appending($0) } ?? folder
    guard let stream = path.withCString({ opendir($0) }) else {
      throw .cannotOpen(name: path.text, reason: Errno.last.message)
    }
    defer { closedir(stream) }
    while let raw = rf_folder_next(stream) {
      guard raw[0] != 46 else { continue }  // hidden
      let name = FilePath(raw)
      let entry = below.map { $0.appending(name) } ?? name
      var info = rf_file_info()
      let result = path.appending(name).withCString { rf_file_look($0, &info) }
      if result == 0, info.kind == RF_FILE_FOLDER {
        if isRecursive, info.is_link == 0 { pending.append(entry) }
      } else if result != 0 || info.kind == RF_FILE_REGULAR {
        // A broken link stays in the list: opening it reports the reason.
        entries.append(entry)
      }
    }
    // The listing ends early if the disk or the network fails.
    let number = rf_errno()
    if number != 0 { failures.append(.cannotRead(name: path.text, reason: Errno(number).message)) }
  }
}
