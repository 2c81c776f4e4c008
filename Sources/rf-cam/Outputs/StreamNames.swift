// The names of a stream's frames: its own name and a number that no file has yet, so that a second run goes on where the
// first one ended.
import CHost
import Host

/// The streams of a run.
final class StreamNames {
  /// The name of the current stream, and the number of its frame 0.
  private(set) var stem: FileName = []
  private(set) var first: Int64 = 0
  private var isNamed = false
  /// Stems that streams of this run have.
  private var used = NumberTable()

  /// Room for numbers and endings behind a stem.
  private static let mostStemBytes = mostNameBytes - 40

  /// The next frame is of another stream.
  func endStream() { isNamed = false }

  /// Names the stream at its first frame. True where it goes on with an earlier run's numbers.
  func begin(_ wanted: FileName, in folders: [FileName]) -> Bool {
    if isNamed { return false }
    isNamed = true
    let beginning = shortened(wanted, to: StreamNames.mostStemBytes)
    stem = beginning
    var number = 2
    let place = hash(of: folders.first ?? [])
    while used[hash(of: stem, after: place)] != nil {
      stem = beginning + FileName("-\(number)".utf8)
      number += 1
    }
    used[hash(of: stem, after: place)] = 1
    first = 0
    moveOn(from: 0, in: folders)
    return first > 0
  }

  /// Gives a frame the first number behind those that are taken.
  func moveOn(from frame: Int64, in folders: [FileName]) {
    var highest: Int64 = -1
    for folder in folders { highest = max(highest, highestNumber(in: folder)) }
    first = max(first, highest + 1 - frame)
  }

  /// The highest number of a file of this stream; -1 where there is none.
  private func highestNumber(in path: FileName) -> Int64 {
    guard let folder = withCString(path, { opendir($0) }) else { return -1 }
    defer { closedir(folder) }
    let prefix = stem + FileName("-".utf8)
    var highest: Int64 = -1
    while let name = rf_folder_next(folder) {
      let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
      if bytes.starts(with: prefix), let number = leadingNumber(bytes.dropFirst(prefix.count)) {
        highest = max(highest, number)
      }
    }
    return highest
  }

  /// Up to nine digits: a longer number is a date, or no frame of rf-cam.
  private func leadingNumber(_ bytes: UnsafeRawBufferPointer.SubSequence) -> Int64? {
    let digits = bytes.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    guard !digits.isEmpty, digits.count <= 9 else { return nil }
    return digits.reduce(0) { 10 * $0 + Int64($1 - UInt8(ascii: "0")) }
  }
}
