// Reads whole files.
import CHost

/// The bytes of a regular file, at a multiple of 64 bytes. They are read, not mapped: a file that shrinks while it is mapped
/// ends the process.
public final class LoadedFile {
  private let storage: UnsafeMutableRawBufferPointer
  private var count = 0

  /// Valid as long as this object: hold it with `withExtendedLifetime` or in a property.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[..<count]) }

  /// - Parameter maxBytes: larger files are not read.
  /// - Throws: why the file cannot be read.
  public init(_ path: UnsafePointer<CChar>, maxBytes: Int = .max) throws(LoadError) {
    let descriptor = rf_file_open(path)
    if descriptor < 0 { throw .cannotOpen(Errno(-descriptor)) }
    defer { close(descriptor) }
    guard let info = fileInfo(descriptor: descriptor) else { throw .cannotRead(.last) }
    if info.kind != RF_FILE_REGULAR { throw .notRegular }
    if info.byte_count > maxBytes { throw .tooLarge(maxBytes: maxBytes) }
    // C's allocator can fail; Swift's ends the process. The size comes from the file.
    var memory: UnsafeMutableRawPointer?
    guard let byteCount = Int(exactly: info.byte_count), posix_memalign(&memory, 64, max(1, byteCount)) == 0 else {
      throw .cannotRead(Errno(ENOMEM))
    }
    storage = UnsafeMutableRawBufferPointer(start: memory, count: max(1, byteCount))
    while count < byteCount {
      let got = rf_file_read(descriptor, storage.baseAddress! + count, byteCount - count)
      if got < 0 { throw .cannotRead(Errno(Int32(-got))) }
      if got == 0 { return }
      count += got
    }
  }

  deinit { free(storage.baseAddress) }
}

/// Why a file was not read.
public enum LoadError: Error, Equatable {
  case cannotOpen(Errno)
  case cannotRead(Errno)
  case notRegular
  case tooLarge(maxBytes: Int)

  /// The problem and what to try, to follow the file's name.
  public var description: String {
    switch self {
    case .cannotOpen(let errno): "cannot open: \(errno.message)"
    case .cannotRead(let errno): "cannot read: \(errno.message)"
    case .notRegular: "not a regular file: name a file, not a folder or device"
    case .tooLarge(let most): "more than \(most) bytes: is it the right file?"
    }
  }
}
