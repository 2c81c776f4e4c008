// The sources of a run in their order: the words of the command line, then the names of --files-from.
import Capture
import CommandLine
import Host

/// A source's name.
struct Operand {
  let name: FileName
  /// From a list: a file or folder. `-`, `camera` and patterns have their special meaning on the command line only.
  let isListed: Bool

  /// Opens the source.
  func open(_ options: SourceOptions) throws(CaptureError) -> Source {
    let result: Result<Source, CaptureError> = withCString(name) { path in
      do throws(CaptureError) {
        return .success(isListed ? try Source.openFile(path, options: options) : try Source.open(path, options: options))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}

/// Supplies one source after the other.
final class Operands {
  private let words: [Argument]
  private var position = 0
  let list: NameList?

  init(_ options: Options) throws(ProgramError) {
    words = options.sources
    list = if let file = options.filesFrom { try NameList(file, hasNullNames: options.hasNullNames) } else { nil }
  }

  /// Returns the next source; waits for a list. nil at the end.
  func next() throws(ProgramError) -> Operand? {
    guard position < words.count else { return try list?.next().map { Operand(name: $0, isListed: true) } }
    defer { position += 1 }
    return Operand(name: FileName(words[position].bytes), isListed: false)
  }
}
