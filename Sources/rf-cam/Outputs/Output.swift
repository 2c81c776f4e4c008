// The outputs of a run as a list: one class per kind of output, in the order in which a frame is written to them. Results come
// first, but those in JSON follow the pictures, which they name; the live page comes last. An output that fails stops no other.
import Capture
import CommandLine
import Host
import Imaging
import Report
import RetinaFace

/// One frame with its faces.
struct OutputFrame {
  /// The name for messages.
  let name: String
  /// Output files are named after it: the path relative to the given folder, or the whole name.
  let relativeName: String
  /// The frame is a picture of its own, not part of a stream.
  let isPicture: Bool
  var report: FrameReport
  let faces: Faces
  /// The tracks of the stream; nil for pictures.
  var tracker: Tracker?
  /// The places that --anonymise covers; empty without it.
  var covered = CoveredPlaces()
  /// Frames per second of a film; nil: unknown.
  var rate: StreamRate?
  /// The hash of the result, for `--format hash`.
  let hash: UInt64
  /// The frame's files, if an output writes them.
  let encoded: EncodedPictures?
  /// The pixels and the factor by which they were decoded smaller; nil for pictures that were processed on another thread.
  /// The written files: those of the output that comes before.
  var files = WrittenFiles()
  let pixels: (frame: Frame, shrunkBy: Int)?
}

/// One output of a run. A class, because Embedded Swift has no existentials. All functions run on one thread, but for `isOwn`.
class Output {
  /// The output draws on pixels or cuts them out, so frames must not be decoded at a smaller size.
  var usesPixels: Bool { false }
  /// The reader of the output has ended, so the run ends too.
  private(set) var isClosed = false
  /// Something could not be written and was only reported.
  var hasFailed: Bool { false }

  /// Writes one frame.
  ///
  /// - Parameter statistics: of the frames before.
  /// - Throws: `ProgramError` for a frame that cannot be written; later frames are tried again.
  func write(_ frame: inout OutputFrame, _ statistics: borrowing Statistics) throws(ProgramError) {}

  /// Writes that a source or one of its frames failed.
  /// - Parameter problem: the message without the source's name.
  func writeFailure(_ problem: [UInt8], of source: FileName) throws(ProgramError) {}

  /// The next frame comes from another source.
  func endSource() {}

  /// Returns true for a picture that rf-cam wrote into an output folder of this run: it is no source. May run on any thread.
  func isOwn(_ path: UnsafePointer<CChar>, _ bytes: UnsafeRawBufferPointer) -> Bool { false }

  final func close() { isClosed = true }
}

/// Opens the outputs that the options ask for.
///
/// - Throws: `ProgramError` for a destination that cannot be used.
func makeOutputs(_ options: Options, _ loaded: LoadedModel, _ inputs: InputFiles) throws(ProgramError) -> [Output] {
  var outputs: [Output] = []
  let paths = OutputPaths(inputs)
  if options.format == .wider, let folder = options.output {
    outputs.append(WiderOutput(OutputFiles(options, paths), folder: FileName(folder.bytes)))
  }
  if let pictures = try PictureOutput(options, paths) { outputs.append(pictures) }
  if options.writesVideo { outputs.append(VideoOutput(options)) }
  if options.format == .events || options.bestShots != nil { outputs.append(try EventOutput(options, inputs, paths)) }
  if let address = options.preview { outputs.append(try LivePage(address, loaded, options)) }
  // Opened last: no results file is made for a run whose other outputs cannot be used.
  if options.format.hasResults, options.format != .events {
    // JSON names the written pictures.
    let place = options.format == .json && options.preview == nil ? outputs.count : options.format == .json ? outputs.count - 1 : 0
    outputs.insert(try ResultOutput(options, inputs), at: place)
  }
  return outputs
}
