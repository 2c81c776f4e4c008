// Writes the files that belong to a frame, each whole or not at all. OutputPaths.swift assigns their paths.
import CHost
import CommandLine
import Host
import Report

/// The part that outputs with files share.
final class OutputFiles {
  let isQuiet: Bool
  let paths: OutputPaths
  /// Every file survives a power cut as soon as it is written.
  private let isDurable: Bool
  private let streams = StreamNames()

  /// Maximum bytes of a file that rf-cam wrote: more than a JPEG of 100 megapixels.
  static let maxOwnBytes = 1 << 28

  init(_ options: Options, _ paths: OutputPaths) {
    (isQuiet, isDurable, self.paths) = (options.isQuiet, options.syncSeconds == 0, paths)
  }

  /// The next frame comes from another source.
  func endSource() { streams.endStream() }

  func publish(_ path: OutputPath, _ bytes: UnsafeRawBufferPointer) throws(ProgramError) {
    do { try publishFile(path.path, bytes, replacing: path.replaced, isDurable: isDurable) } catch {
      throw .file(action: "write", path: String(fileName: path.path), error)
    }
  }

  func make(_ folder: FileName) throws(ProgramError) {
    do { try makeFolder(folder) } catch { throw .file(action: "make the folder", path: String(fileName: folder), error) }
  }

  /// Writes the files of a stream's frame under new names, even if another program writes the same names at the same time.
  func writeStream(
    _ stem: FileName, _ frame: Int64, width: Int, _ folders: [FileName], _ files: [OutputFile],
    _ body: ([OutputPath]) throws(ProgramError) -> Void
  ) throws(ProgramError) {
    if streams.begin(stem, in: folders), !isQuiet {
      log("\(String(fileName: folders[0])): earlier frames stay: frame 0 is number \(streams.first) of \(String(fileName: streams.stem))")
    }
    for attempt in 1... {
      var number = ByteBuffer()
      number.append("-")
      number.append(streams.first + frame, width: width)
      let paths = files.map { file in
        let named = OutputFile(folder: file.folder, suffix: number.bytes + file.suffix, ending: file.ending)
        return OutputPath(path: outputPath(named, stem: streams.stem, number: 1), replaced: nil)
      }
      do {
        return try body(paths)
      } catch {
        guard case .file(_, _, Errno(EEXIST)) = error, attempt < 10 else { throw error }
        streams.moveOn(from: frame, in: folders)
      }
    }
  }
}
