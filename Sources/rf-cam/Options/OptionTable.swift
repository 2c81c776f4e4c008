// The options of rf-cam.
import Capture
import CommandLine
import Kernels
import Preview

/// The longest side that `parseSize` takes too: a JPEG's.
private let largestSide = 65500

/// The largest count for options that count something.
private let largestCount = 1_000_000_000

func optionTable() -> [Option<Options>] {
  networkOptions() + outputOptions() + anonymiseOptions() + sourceOptions() + messageOptions()
}

private func networkOptions() -> [Option<Options>] {
  [
    .value("--model", "FILE", complete: .files, help: "model file (default: the embedded model)") {
      $0.model = $1
      return true
    },
    .value(
      "--size", "original, WxH or N", complete: .words("original 640 1280 1920"),
      help: """
        size of the network's input: the frame's own size, a letterbox, or long side N
        (default: own size, pictures at most 1920)
        """,
      store: storeSize),
    .value("--threshold", "0..1", help: "minimum score (default 0.5; 0.2 with --anonymise)") {
      guard let number = $1.number, number >= 0, number <= 1 else { return false }
      $0.threshold = Float(number)
      return true
    },
    .value("--nms", "0..1", help: "overlap (IoU) above which the weaker box is removed (default 0.4)") {
      store($1.number, in: &$0.maxOverlap)
    },
    .value("--max-faces", "N, 1 or more", help: "maximum number of faces, strongest first (default 1000)") {
      store($1.integer(upTo: largestCount), atLeast: 1, in: &$0.maxFaces)
    },
    .value("--min-face", "PIXELS", help: "leave out faces whose longer side is shorter") {
      store($1.integer(upTo: largestSide), in: &$0.minFace)
    },
    .value("--max-face", "PIXELS", help: "leave out faces whose longer side is longer") {
      store($1.integer(upTo: largestSide), in: &$0.maxFace)
    },
    .value(
      "--zone", Zone.validText.description,
      help: """
        leave out faces whose centre is outside of a polygon of the picture; repeat it for more
        zones; events name the zone
        """
    ) {
      guard let zone = Zone($1) else { return false }
      $0.zones.append(zone)
      return true
    },
    .value(
      "--large-faces", "on or off", complete: .words("on off"),
      help: """
        also find faces longer than 1.5 times the largest anchor (usually 768 pixels), by a
        second pass at a quarter of the size (default on)
        """,
      store: { options, value in store(value, in: &options.findsLargeFaces) }),
    .value(
      "--levels", "off or auto", complete: .words("off auto"),
      help: """
        auto: stretch the levels of dark and flat pictures for the detector; other pictures and
        all written ones stay (default off)
        """
    ) {
      guard $1.equals("off") || $1.equals("auto") else { return false }
      $0.stretchesLevels = $1.equals("auto")
      return true
    },
    .value("--threads", "1..64", help: "threads that share one picture or frame (default 1)") {
      store($1.integer(upTo: 64), atLeast: 1, in: &$0.threads)
    },
    .value(
      "--jobs", "1..64",
      help: "pictures processed side by side, each with its own --threads (default 1); results keep the order"
    ) {
      store($1.integer(upTo: 64), atLeast: 1, in: &$0.jobs)
    },
    .isa { $0.isa = $1 },
  ]
}

private func outputOptions() -> [Option<Options>] {
  [
    .value(
      "--format", "text, json, csv, events, wider, hash, none", complete: .words("text json csv events wider hash none"),
      help: """
        output format (default text); csv: one row per face; events: a line when a face of a
        stream enters, when its best picture is known and when it leaves; hash: one line per frame, a hash of the rounded results
        (float32) or of the raw head values (int8); wider: WIDER FACE's prediction files
        under --output
        """,
      store: storeFormat),
    .value(
      "--results", "-, FILE, /dev/TTY[@BAUD] or udp:ADDRESS:PORT", complete: .files,
      help: """
        destination of the results (default -, standard output): a results file, which is
        continued, a pipe, a serial port, or datagrams to a numeric address; failures are
        reported and retried
        """
    ) {
      guard let destination = ResultDestination($1) else { return false }
      $0.results = destination
      return true
    },
    .value(
      "--sync", "SECONDS, 0 to 3600",
      help: """
        flush the results file to disk every SECONDS (default 1; 0: after every frame, and
        flush every written picture)
        """
    ) {
      guard let seconds = $1.number, seconds >= 0, seconds <= 3600 else { return false }
      $0.syncSeconds = seconds
      return true
    },
    .value(
      "--output", "DIR or -", complete: .folders,
      help: """
        write annotated JPEGs, one per frame or picture; only rf-cam's own files for the same
        picture are replaced. -: write the frames of a stream as a Y4M film to standard output
        """
    ) {
      $0.output = $1
      return true
    },
    .value("--crops", "DIR", complete: .folders, help: "write aligned face crops, 112x112") {
      $0.crops = $1
      return true
    },
    .value(
      "--best-shots", "DIR", complete: .folders,
      help: """
        write the best aligned face of each track of a stream (size, pose and sharpness), 112x112:
        a second after it entered, and replaced by a better one when it leaves
        """
    ) {
      $0.bestShots = $1
      return true
    },
    .value(
      "--preview", PreviewAddress.validText.description, complete: .words("8080"),
      help: """
        serve a live page for browsers: annotated video, faces, statistics. With a port alone
        only this machine can open it, with 0.0.0.0 every machine that can reach this one
        """
    ) {
      $0.preview = PreviewAddress($1.bytes)
      return $0.preview != nil
    },
    .flag("--stats", help: "print counts and times at the end, on standard error") { $0.showsStatistics = true },
  ]
}

private func sourceOptions() -> [Option<Options>] {
  [
    .value("--frames", "N, 1 or more", help: "stop after N frames") {
      guard let frames = $1.integer(upTo: largestCount), frames >= 1 else { return false }
      $0.frameLimit = Int64(frames)
      return true
    },
    .flag(
      "--smooth",
      help: """
        steady boxes and landmarks in streams; moving faces lag by at most 1/25 of their size
        """
    ) { $0.isSmooth = true },
    .value("--files-from", "FILE or -", complete: .files, help: "read more names of pictures and folders from a file, one per line") {
      $0.filesFrom = $1
      return !$1.bytes.isEmpty
    },
    .flag("--null", help: "a zero byte ends each name of --files-from, as printed by find -print0") { $0.hasNullNames = true },
    .flag(
      "--resume",
      help: """
        leave out pictures that have a result in the --results file of an earlier run (--format
        json); pictures that failed are tried again
        """
    ) { $0.resumes = true },
    .flag("--recursive", help: "descend into subfolders") { $0.isRecursive = true },
    .value(
      "--raw", "FORMAT:WxH[@FPS]", complete: .words("yuyv: uyvy: nv12: nv21: nv16: i420: rgb: bgr: rgbx: bgrx: gray:"),
      help: """
        streams and files are raw frames: yuyv, uyvy, nv12, nv21, nv16, i420, rgb, bgr, rgbx,
        bgrx or gray; FPS: the film's frames per second
        """
    ) {
      $0.raw = RawFormat($1.description)
      return $0.raw != nil
    },
    .value(
      "--rate", "FPS", complete: .words("25 30"),
      help: """
        frames per second of a film, for its times and tracks (25, 29.97 or 30000/1001; default:
        the film's own, otherwise the times of arrival)
        """
    ) {
      $0.rate = StreamRate($1.bytes)
      return $0.rate != nil
    },
    .flag(
      "--live",
      help: """
        the newest frame of a pipe instead of every frame, for cameras behind other programs
        (rpicam-vid, ffmpeg); results get the time of day
        """
    ) { $0.isLive = true },
    .value(
      "--camera", "WxH@FPS:FOURCC", complete: .words("640x480 1280x720 1920x1080"),
      help: "camera mode to request (default 640x480, highest rate)",
      store: storeCamera),
    .flag("--list-devices", help: "list capture devices and their formats") { $0.information = .devices },
  ]
}

private func messageOptions() -> [Option<Options>] {
  [
    .value(
      "--config", "FILE", complete: .files,
      help: "read options from a file: lines name = value, with these names without --, and source"
    ) {
      $0.config = $1
      return true
    },
    .flag("--quiet", short: "-q", help: "print errors only") { $0.isQuiet = true },
    .flag("--verbose", short: "-v", help: "also print sources, sizes and kernels chosen") { $0.isVerbose = true },
    .flag("--help", short: "-h", help: "print this list") { $0.information = .help },
    .flag("--version", help: "print version, instruction sets, model, licence and JPEG library") { $0.information = .version },
    .flag("--print-completion", help: nil) { $0.information = .completion },
    .flag("--print-manual", help: nil) { $0.information = .manual },
  ]
}

private func store(_ value: Double?, in field: inout Float) -> Bool {
  guard let value, value >= 0, value <= 1 else { return false }
  field = Float(value)
  return true
}

private func store(_ value: Int?, in field: inout Float) -> Bool {
  guard let value else { return false }
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
    ("text", .text), ("json", .json), ("csv", .csv), ("events", .events), ("wider", .wider), ("hash", .hash), ("none", .none),
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
