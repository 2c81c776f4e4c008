// Every option once: its name, what follows it, what the help says, and what it does. Parsing, the help and the list
// of valid names in an error all read this table.
import Capture
import CommandLine
import Kernels
import Preview

/// An option of the command line.
struct OptionEntry {
  let name: StaticString
  /// One letter with its dash, or nothing.
  let short: StaticString?
  let help: StaticString
  let action: OptionAction

  static func flag(_ name: StaticString, short: StaticString? = nil, help: StaticString,
                   set: @escaping (inout Options) -> Void) -> OptionEntry {
    OptionEntry(name: name, short: short, help: help, action: .flag(set))
  }

  static func value(_ name: StaticString, _ valid: String, help: StaticString,
                    store: @escaping (inout Options, Argument) -> Bool) -> OptionEntry {
    OptionEntry(name: name, short: nil, help: help, action: .value(valid: valid, store))
  }
}

/// What an option does.
enum OptionAction {
  /// Nothing follows the name.
  case flag((inout Options) -> Void)
  /// A value follows: what is valid, as help and errors show it; and what stores it, false where it is not valid.
  case value(valid: String, (inout Options, Argument) -> Bool)
}

/// The longest side that `parseSize` takes too: a JPEG's.
private let largestSide = 65500

/// The largest count for options that count something.
private let largestCount = 1_000_000_000

func optionTable() -> [OptionEntry] {
  networkOptions() + outputOptions() + sourceOptions() + talkOptions()
}

private func networkOptions() -> [OptionEntry] {
  [
    .value("--model", "FILE", help: "a model file (default: the one inside)") {
      $0.model = $1
      return true
    },
    .value("--size", "original, WxH or N",
           help: """
             what the network sees: the frame's own size, a letterbox, or long side N
             (default: own size, pictures at most 1920)
             """,
           store: storeSize),
    .value("--threshold", "0..1", help: "least score (default 0.5)") {
      store($1.number, in: &$0.threshold)
    },
    .value("--nms", "0..1", help: "overlap (IoU) above which the weaker box goes (default 0.4)") {
      store($1.number, in: &$0.maxOverlap)
    },
    .value("--max-faces", "N", help: "at most so many, strongest first (default 1000)") {
      store($1.integer(upTo: largestCount), atLeast: 1, in: &$0.maxFaces)
    },
    .value("--large-faces", "on or off",
           help: """
             find faces longer than 1.5 times the largest anchor (usually 768 pixels), too, by a
             second pass at a quarter of the size (default on)
             """,
           store: { options, value in store(value, in: &options.findsLargeFaces) }),
    .value("--threads", "1..64", help: "worker threads (default 1)") {
      store($1.integer(upTo: 64), atLeast: 1, in: &$0.threads)
    },
    .value("--isa", "a list of \(ISA.knownNames) that this processor has",
           help: "use only kernels for these instruction sets (default: all that this processor has)") {
      guard let isa = ISA.parse($1.description), ISA.available.isSuperset(of: isa) else { return false }
      $0.isa = isa
      return true
    },
  ]
}

private func outputOptions() -> [OptionEntry] {
  [
    .value("--format", "text, json, wider, hash, none",
           help: """
             what is told of a frame (default text); hash: one line a frame, of scores
             rounded to 1/100 and coordinates to whole pixels, or of all that an int8 model's
             heads give, unrounded; wider: nothing, WIDER FACE's prediction files go under
             --output
             """,
           store: storeFormat),
    .value("--results", "-, FILE, /dev/TTY[@BAUD] or udp:ADDRESS:PORT",
           help: """
             where that goes (default -, standard output): lines after a results file's last one, a
             pipe, a serial port, or datagrams to a numeric address; a failure is reported and the
             place tried again
             """) {
      guard let place = ResultPlace($1) else { return false }
      $0.results = place
      return true
    },
    .value("--sync", "SECONDS, 0 to 3600",
           help: """
             how much of a results file a power cut may cost (default 1; 0: the last frame at most,
             and no picture that was written)
             """) {
      guard let seconds = $1.number, seconds >= 0, seconds <= 3600 else { return false }
      $0.syncSeconds = seconds
      return true
    },
    .value("--output", "DIR", help: """
             annotated JPEGs, one per frame or picture; replaces only its own for the same picture
             """) {
      $0.output = $1
      return true
    },
    .value("--crops", "DIR", help: "112x112 aligned face crops") {
      $0.crops = $1
      return true
    },
    .value("--preview", PreviewAddress.validText.description,
           help: """
             a live page for browsers: annotated video, faces, figures. A port alone is for this
             machine; with 0.0.0.0 everybody who reaches it can look on
             """) {
      $0.preview = PreviewAddress($1.bytes)
      return $0.preview != nil
    },
    .flag("--stats", help: "counts and times at the end, on standard error") { $0.showsStatistics = true },
  ]
}

private func sourceOptions() -> [OptionEntry] {
  [
    .value("--frames", "N", help: "stop after N frames") {
      guard let frames = $1.integer(upTo: largestCount), frames >= 1 else { return false }
      $0.frameLimit = Int64(frames)
      return true
    },
    .flag("--smooth",
          help: """
            steadier boxes and landmarks in streams; what moves is at most a 25th of the face's
            size behind
            """) { $0.isSmooth = true },
    .flag("--recursive", help: "folders with the folders in them") { $0.isRecursive = true },
    .value("--raw", "FORMAT:WxH",
           help: "streams and files are raw frames: yuyv, uyvy, nv12, i420, rgb, bgr or gray") {
      $0.raw = RawFormat($1.description)
      return $0.raw != nil
    },
    .value("--camera", "WxH@FPS:FOURCC", help: "what to ask a camera for (default 640x480, best rate)",
           store: storeCamera),
    .flag("--list-devices", help: "capture devices and their formats") { $0.listsDevices = true },
  ]
}

private func talkOptions() -> [OptionEntry] {
  [
    .value("--config", "FILE",
           help: "options from a file: name = value a line, names as here without --, and source") {
      $0.config = $1
      return true
    },
    .flag("--quiet", short: "-q", help: "no talk but failures") { $0.isQuiet = true },
    .flag("--verbose", short: "-v", help: "what is opened and chosen") { $0.isVerbose = true },
    .flag("--help", short: "-h", help: "this list") { $0.showsHelp = true },
    .flag("--version", help: "version, instruction sets, model") { $0.showsVersion = true },
  ]
}

private func store(_ value: Double?, in field: inout Float) -> Bool {
  guard let value, value >= 0, value <= 1 else { return false }
  field = Float(value)
  return true
}

private func store(_ value: Argument, in field: inout Bool) -> Bool {
  guard value.equals("on") || value.equals("off") else { return false }
  field = value.equals("on")
  return true
}

private func store(_ value: Int?, atLeast least: Int, in field: inout Int) -> Bool {
  guard let value, value >= least else { return false }
  field = value
  return true
}

private func storeSize(_ options: inout Options, _ value: Argument) -> Bool {
  if value.equals("original") {
    options.size = .original
  } else if let side = value.integer(upTo: largestSide), side > 0 {
    options.size = .longSide(side)
  } else if let (width, height) = parseSize(value.description) {
    options.size = .letterbox(width: width, height: height)
  } else {
    return false
  }
  return true
}

private func storeFormat(_ options: inout Options, _ value: Argument) -> Bool {
  let formats: [(StaticString, Format)] = [
    ("text", .text), ("json", .json), ("wider", .wider), ("hash", .hash), ("none", .none),
  ]
  guard let (_, format) = formats.first(where: { value.equals($0.0) }) else { return false }
  options.format = format
  return true
}

/// `WxH`, `WxH@FPS`, `WxH:FOURCC` or `WxH@FPS:FOURCC`.
private func storeCamera(_ options: inout Options, _ value: Argument) -> Bool {
  let (mode, fourCC) = value.split(at: UInt8(ascii: ":"))
  let (size, rate) = mode.split(at: UInt8(ascii: "@"))
  guard let (width, height) = parseSize(size.description) else { return false }
  let format = fourCC.flatMap { FourCC($0.bytes) }
  if fourCC != nil, format == nil { return false }
  if let rate, !((rate.number ?? 0) > 0 && (rate.number ?? 0) <= 1000) { return false }
  options.camera = CameraRequest(width: width, height: height, framesPerSecond: rate?.number, fourCC: format)
  return true
}
