// The options of the command line and their defaults.
import Capture
import CommandLine
import Kernels
import Preview

/// The size of the network's input.
enum NetworkSize {
  /// Pictures: their own size, at most `Options.longestPictureSide`; streams: their own size.
  case automatic
  /// The frame's own size.
  case original
  /// A fixed size; the frame is fitted in with its proportions kept.
  case letterbox(width: Int, height: Int)
  /// The frame's proportions, its longer side that many pixels.
  case longSide(Int)
}

/// Text that the program prints instead of a run.
enum Information {
  case help, version, devices, completion, manual
}

/// The format of results.
enum Format {
  case text, json, csv, events, wider, hash, none

  /// True for formats whose results go to `--results`.
  var hasResults: Bool { self != .none && self != .wider }
}

/// The command line, checked.
struct Options {
  /// Maximum long side of the network's input for pictures, unless `--size` is given.
  static let longestPictureSide = 1920

  var config: Argument?
  /// nil: the model inside the program.
  var model: Argument?
  var size = NetworkSize.automatic
  /// nil: 0.5, and 0.2 for --anonymise, where a missed face does more harm than a covered object.
  var threshold: Float?
  var leastScore: Float { threshold ?? (anonymisation.style == nil ? 0.5 : 0.2) }
  var anonymisation = Anonymisation()
  var maxOverlap: Float = 0.4
  var maxFaces = 1000
  /// Limits of the longer side of a face's box, pixels of the frame.
  var minFace: Float = 0
  var maxFace = Float.infinity
  /// Faces outside of all zones are left out; empty: none is.
  var zones: [Zone] = []
  var findsLargeFaces = true
  /// Stretches the levels of dark and flat pictures.
  var stretchesLevels = false
  /// Threads per picture or frame.
  var threads = 1
  /// Pictures that are processed side by side.
  var jobs = 1
  var isa = ISA.available
  var frameLimit = Int64.max
  var format = Format.text
  var results = ResultDestination.standardOutput
  /// Seconds between two synchronisations of a results file.
  var syncSeconds = 1.0
  var output: Argument?
  var crops: Argument?
  var bestShots: Argument?
  /// nil: no live page.
  var preview: PreviewAddress?
  var raw: RawFormat?
  /// Frames per second of films that do not state it.
  var rate: StreamRate?
  /// The newest frame of a pipe instead of every frame.
  var isLive = false
  var camera = CameraRequest()
  var isRecursive = false
  var isSmooth = false
  var showsStatistics = false
  var isQuiet = false
  var isVerbose = false
  /// nil: a run over the sources.
  var information: Information?
  var sources: [Argument] = []
  /// A file with more names of sources, or - for standard input.
  var filesFrom: Argument?
  /// Leaves out pictures that have a result in the results file.
  var resumes = false
  /// A zero byte ends a name of that file; otherwise a line feed.
  var hasNullNames = false

  /// Under --format wider, --output is for prediction files.
  var writesAnnotated: Bool { output != nil && format != .wider && !writesVideo }
  /// Frames go to standard output as a film.
  var writesVideo: Bool { output?.equals("-") ?? false }
}
