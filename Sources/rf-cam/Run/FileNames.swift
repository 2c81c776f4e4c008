// The names of what is written under --output and --crops: the source's own, so that each can be found again. Bytes,
// because file names are.
import CommandLine
import Host
import Report

private let slash = UInt8(ascii: "/")

/// Returns the part after the last slash; "." and ".." and nothing are no names of files.
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
    !name[dot...].contains(slash)
  else { return name }
  return Array(name[..<dot])
}

private func isOrdinary(_ component: FileName) -> Bool {
  !component.isEmpty && component.contains { $0 != UInt8(ascii: ".") }
}

extension String {
  /// For messages: as `Argument.description`.
  init(fileName: FileName) { self.init(decoding: printable(fileName), as: UTF8.self) }
}

/// Returns the name of files that belong to a picture, without ending: its own name, in its folder where one was given with all
/// below.
func pictureStem(name: String, relativeName: String) -> FileName {
  let relative = FileName(relativeName.utf8)
  // A picture that was named by itself has its whole path for both.
  let isAlone = relativeName.utf8.elementsEqual(name.utf8)
  return withoutExtension(isAlone ? lastComponent(of: relative) : relative)
}

/// Returns the name of files of a stream's frames, without the frame's number and ending.
func streamStem(relativeName: String) -> FileName {
  if relativeName.utf8.elementsEqual("-".utf8) { return FileName("stdin".utf8) }
  return lastComponent(of: FileName(relativeName.utf8)).map { $0 == UInt8(ascii: ":") ? UInt8(ascii: "-") : $0 }
}

/// The folder's part of a path, without the last slash; empty where there is none.
func parent(of path: FileName) -> FileName {
  guard let last = path.lastIndex(of: slash) else { return [] }
  return Array(path[..<last])
}

/// The longest name that common file systems allow, bytes.
let mostNameBytes = 255

/// The beginning of a name, at most so many bytes, without a part of a UTF-8 character at its end.
func shortened(_ name: FileName, to most: Int) -> FileName {
  guard name.count > most else { return name }
  var end = max(0, most)
  // Continuation bytes are 10xxxxxx, at most three of a character; names need not be UTF-8.
  var steps = 0
  while end > 0, steps < 3, name[end] & 0xC0 == 0x80 { (end, steps) = (end - 1, steps + 1) }
  return Array(name[..<(name[end] & 0xC0 == 0x80 ? max(0, most) : end)])
}
