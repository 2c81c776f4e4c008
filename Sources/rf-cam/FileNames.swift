// The names of what is written under --output and --crops: the source's own, so that each can be found again. Bytes,
// because file names are.

/// A file name as bytes, without the zero at its end.
typealias FileName = [UInt8]

private let slash = UInt8(ascii: "/")

/// What follows the last slash; "." and ".." and nothing are no names of files.
func lastComponent(of path: FileName) -> FileName {
  guard let last = path.lastIndex(of: slash) else { return path }
  return Array(path[(last + 1)...])
}

/// The name of the folder that holds the file: empty where the path names none.
func parentComponent(of path: FileName) -> FileName {
  guard let last = path.lastIndex(of: slash) else { return [] }
  let parent = lastComponent(of: Array(path[..<last]))
  return isOrdinary(parent) ? parent : []
}

/// Without the last extension; a name that begins with its only dot keeps it.
func withoutExtension(_ name: FileName) -> FileName {
  guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0, name[dot - 1] != slash,
        !name[dot...].contains(slash) else { return name }
  return Array(name[..<dot])
}

private func isOrdinary(_ component: FileName) -> Bool {
  !component.isEmpty && component.contains { $0 != UInt8(ascii: ".") }
}

extension String {
  /// For messages: as `Argument.description`.
  init(fileName: FileName) { self.init(decoding: printable(fileName), as: UTF8.self) }
}

/// What a file that belongs to a frame is called, without ending: a picture's own name, in its folder where one was given
/// with all below; a stream's name and the frame's number.
func fileStem(name: String, relativeName: String, frame: Int64, isPicture: Bool) -> FileName {
  let relative = FileName(relativeName.utf8)
  if isPicture {
    // A picture that was named by itself has its whole path for both.
    let isAlone = relativeName.utf8.elementsEqual(name.utf8)
    return withoutExtension(isAlone ? lastComponent(of: relative) : relative)
  }
  var stem = ByteBuffer()
  stem.append(relativeName.utf8.elementsEqual("-".utf8) ? FileName("stdin".utf8) : lastComponent(of: relative))
  stem.append("-")
  stem.append(frame, width: 6)
  return stem.bytes.map { $0 == UInt8(ascii: ":") ? UInt8(ascii: "-") : $0 }
}

/// The folder's part of a path, without the last slash; empty where there is none.
func parent(of path: FileName) -> FileName {
  guard let last = path.lastIndex(of: slash) else { return [] }
  return Array(path[..<last])
}

/// Gives every file of a run a name of its own: a second `a` from another folder becomes `a-2`.
struct UsedNames: ~Copyable {
  /// Hashes of the names given so far, in order.
  private var hashes: [UInt64] = []

  /// `stem`, with a number after it where it was given before.
  mutating func unused(_ stem: FileName) -> FileName {
    var name = stem
    var number = 2
    while !insert(name) {
      name = stem + FileName("-\(number)".utf8)
      number += 1
    }
    return name
  }

  private mutating func insert(_ name: FileName) -> Bool {
    var hash = Hash()
    for byte in name { hash.add(Int(byte)) }
    var low = 0, high = hashes.count
    while low < high {
      let middle = (low + high) / 2
      if hashes[middle] < hash.value { low = middle + 1 } else { high = middle }
    }
    if low < hashes.count, hashes[low] == hash.value { return false }
    hashes.insert(hash.value, at: low)
    return true
  }
}
