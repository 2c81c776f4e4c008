// Assigns the path of every file that a run writes for a frame. A path is assigned only if no file has it, or if rf-cam
// itself wrote the file for the same picture and it is unchanged since. All other files stay: sources of this run, under any
// name or link, and files of others. The file system is queried each time, so names that it treats as equal (IMG.JPG,
// img.jpg) are equal here as well.
import CHost
import Host

/// A file that belongs to a frame: its folder, and what follows the stem in its name.
struct OutputFile {
  let folder: FileName
  /// Nothing, or `-face0`.
  let suffix: FileName
  let ending: StaticString
}

/// A path that may be written.
struct OutputPath {
  let path: FileName
  /// The earlier file for the same picture; nil: the file must be new.
  var replaced: rf_file_info?
}

/// Decides about an existing file.
struct OutputOwner {
  /// The path, as the user or a folder named it; empty: a stream.
  let source: FileName
  /// Returns whether rf-cam wrote a file with this information for this source.
  let recognises: (FileName, rf_file_info) -> RecognisedOutput
}

/// The origin of an existing file.
enum RecognisedOutput {
  case own
  /// For the source with that hash; such a file will be replaced when its turn comes.
  case ofOther(UInt64)
  case foreign
}

/// The paths of one run.
final class OutputPaths {
  private let inputs: InputFiles
  /// Paths that this run wrote pictures to.
  private var written = NumberTable()
  /// Per used stem: the first number that was not tried.
  private var nextNumbers = NumberTable()
  /// Per stem and source: the number of the source's files from an earlier run.
  private var ownNumbers = NumberTable()

  init(_ inputs: InputFiles) { self.inputs = inputs }

  /// Paths for all files of a picture with one number: `a`, or `a-2` where another file has one of their names.
  /// - Parameter key: the hash of the source.
  func paths(of files: [OutputFile], stem: FileName, key: UInt64, owner: OutputOwner) throws(ProgramError) -> [OutputPath] {
    let family = hash(of: stem, after: hash(of: files.first?.folder ?? []))
    let own = ownNumbers[key ^ family]
    for number in [1, own] {
      guard let number else { continue }
      if let paths = try candidates(files, stem: stem, number: number, family: family, owner: owner) { return given(paths) }
    }
    // All numbers below were tried for other sources, so no run tries a number twice.
    var number = nextNumbers[family] ?? 2
    while true {
      defer { number += 1 }
      guard let paths = try candidates(files, stem: stem, number: number, family: family, owner: owner) else { continue }
      nextNumbers[family] = number + 1
      return given(paths)
    }
  }

  private func given(_ paths: [OutputPath]) -> [OutputPath] {
    for path in paths { written[hash(of: path.path)] = 1 }
    return paths
  }

  /// nil where one of the files cannot have this number.
  private func candidates(
    _ files: [OutputFile], stem: FileName, number: Int, family: UInt64,
    owner: OutputOwner
  ) throws(ProgramError) -> [OutputPath]? {
    var paths: [OutputPath] = []
    for file in files {
      var path = OutputPath(path: outputPath(file, stem: stem, number: number), replaced: nil)
      var info = rf_file_info()
      let result = withCString(path.path) { rf_file_look($0, &info) }
      // Writing reports other faults of a name.
      if result < 0, info.is_link == 0 {
        paths.append(path)
        continue
      }
      if number == 1, !owner.source.isEmpty, isSameFile(path.path, owner.source) {
        throw .overwritesSource(path: String(fileName: path.path))
      }
      guard result == 0, info.is_link == 0, info.kind == RF_FILE_REGULAR, !inputs.contains(info),
        written[hash(of: path.path)] == nil
      else { return nil }
      switch owner.recognises(path.path, info) {
      case .foreign: return nil
      case .ofOther(let other):
        ownNumbers[other ^ family] = number
        return nil
      case .own: path.replaced = info
      }
      paths.append(path)
    }
    return paths
  }
}

/// `FOLDER/STEM-NUMBER SUFFIX ENDING`, the stem's last part shortened to what a name may have.
func outputPath(_ file: OutputFile, stem: FileName, number: Int) -> FileName {
  var tail = number > 1 ? FileName("-\(number)".utf8) : []
  tail += file.suffix
  tail += UnsafeBufferPointer(start: file.ending.utf8Start, count: file.ending.utf8CodeUnitCount)
  var path = file.folder
  path.append(UInt8(ascii: "/"))
  let below = parent(of: stem)
  if !below.isEmpty { path += below + FileName("/".utf8) }
  return path + shortened(lastComponent(of: stem), to: mostNameBytes - tail.count) + tail
}
