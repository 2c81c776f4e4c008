// The options of --anonymise.
import Capture
import CommandLine
import Imaging

func anonymiseOptions() -> [Option<Options>] {
  [
    .value(
      "--anonymise", "blur, mosaic or solid", complete: .words("blur mosaic solid"),
      help: """
        cover faces in the pictures of --output and on the live page instead of drawing boxes;
        nothing of the source's metadata is written
        """,
      store: storeStyle),
    .value("--mask-scale", "0.5..3", help: "size of a covered ellipse relative to the face's box (default 1.3)") {
      guard let number = $1.number, number >= 0.5, number <= 3 else { return false }
      $0.anonymisation.maskScale = Float(number)
      return true
    },
    .value("--hold", "SECONDS, 0 to 60", help: "keep a face of a stream covered while it is lost (default 0.5)") {
      guard let number = $1.number, number >= 0, number <= 60 else { return false }
      $0.anonymisation.holdSeconds = number
      return true
    },
    .value(
      "--look-ahead", "FRAMES, 0 to 250",
      help: """
        delay the film of --output - by FRAMES, to cover faces before they are found (default 0);
        memory: 3 bytes per pixel and frame
        """
    ) {
      guard let frames = $1.integer(upTo: 250) else { return false }
      $0.anonymisation.lookAhead = frames
      return true
    },
    .value("--keep", "X,Y,WIDTH,HEIGHT", help: "never cover these pixels; may be repeated", store: storeKeep),
  ]
}

private func storeStyle(_ options: inout Options, _ value: Argument) -> Bool {
  let styles: [(StaticString, CoverStyle)] = [("blur", .blur), ("mosaic", .mosaic), ("solid", .solid)]
  guard let (_, style) = styles.first(where: { value.equals($0.0) }) else { return false }
  options.anonymisation.style = style
  return true
}

private func storeKeep(_ options: inout Options, _ value: Argument) -> Bool {
  var numbers: [Int] = []
  var rest: Argument? = value
  while let list = rest {
    let (number, following) = list.split(at: UInt8(ascii: ","))
    guard let pixels = number.integer(upTo: 65500), numbers.count < 4 else { return false }
    numbers.append(pixels)
    rest = following
  }
  guard numbers.count == 4, numbers[2] > 0, numbers[3] > 0 else { return false }
  options.anonymisation.keep.append(
    PixelRectangle(left: numbers[0], top: numbers[1], right: numbers[0] + numbers[2], bottom: numbers[1] + numbers[3]))
  return true
}

/// Rejects options that contradict --anonymise or the film on standard output.
func checkAnonymisation(_ options: Options) throws(CommandLineError) {
  let settings = options.anonymisation
  if settings.style == nil {
    let unchanged = Anonymisation()
    if settings.maskScale != unchanged.maskScale || settings.holdSeconds != unchanged.holdSeconds || settings.lookAhead > 0
      || !settings.keep.isEmpty
    {
      throw CommandLineError("--mask-scale, --hold, --look-ahead and --keep: need --anonymise blur, mosaic or solid")
    }
  } else {
    if options.crops != nil || options.bestShots != nil {
      throw CommandLineError("--anonymise: --crops and --best-shots would write the faces: leave them out")
    }
    if options.output == nil, options.preview == nil {
      throw CommandLineError("--anonymise: name the covered pictures with --output DIR, or the film with --output -")
    }
    if settings.lookAhead > 0, !options.writesVideo || options.preview != nil {
      throw CommandLineError("--look-ahead: delays the film of --output - only: name it, and leave out --preview")
    }
  }
  guard options.writesVideo else { return }
  if options.format == .wider { throw CommandLineError("--format wider: name the folder for the prediction files with --output DIR") }
  if options.format.hasResults, options.results.isStandardOutput {
    throw CommandLineError("--output -: the film goes to standard output: send the results to --results FILE, or choose --format none")
  }
}
