// From words to `Options`. A wrong command line ends with exit status 2 and names the valid choices.
import Capture
import CommandLine
import Host

/// Reads the words after the program's name. The command line overrides a `--config` file, whose sources count only if the
/// command line has none.
func parseOptions(_ words: [Argument]) throws(CommandLineError) -> Options {
  var options = Options()
  try apply(words, to: &options)
  if let file = options.config {
    var settings = Options()
    let messages = applyConfig(file, to: &settings)
    if !messages.isEmpty { throw CommandLineError(messages) }
    let sources = options.sources.isEmpty ? settings.sources : options.sources
    try apply(words, to: &settings)
    // The file of a device with one camera need not name it.
    settings.sources = sources.isEmpty && settings.filesFrom == nil ? [Argument(copying: "camera".utf8)] : sources
    options = settings
  }
  try check(options)
  return options
}

private func apply(_ words: [Argument], to options: inout Options) throws(CommandLineError) {
  try parseWords(words, optionTable(), to: &options) { $0.sources.append($1) }
}

private func check(_ options: Options) throws(CommandLineError) {
  if options.information != nil { return }
  if options.hasNullNames, options.filesFrom == nil { throw CommandLineError("--null: name the list of files with --files-from") }
  if let list = options.filesFrom, list.equals("-"), options.sources.contains(where: { $0.equals("-") }) {
    throw CommandLineError("--files-from -: standard input is a source already")
  }
  if options.resumes {
    guard options.format == .json, case .path = options.results else {
      throw CommandLineError("--resume: needs --format json and the file of the earlier run, --results FILE")
    }
  }
  if options.minFace > options.maxFace { throw CommandLineError("--min-face: is larger than --max-face: no face would be left") }
  if options.jobs > 1, options.preview != nil {
    throw CommandLineError("--preview: shows one frame after the other: leave out --jobs")
  }
  if options.sources.isEmpty, options.filesFrom == nil {
    throw CommandLineError("no source: name a picture, a folder, - (a stream), pattern:WxH or /dev/videoN; --help lists all")
  }
  if options.isLive, options.rate != nil || options.raw?.rate != nil {
    throw CommandLineError("--live: the times are those of arrival: leave out the frames per second")
  }
  try checkEnds(options)
  try checkAnonymisation(options)
  if options.format == .wider, options.output == nil {
    throw CommandLineError("--format wider: name the folder for the prediction files with --output DIR")
  }
  if let baud = options.results.unsupportedBaud {
    throw CommandLineError("--results: \(baud) is not a rate of a serial port: choose one of \(rateNames())")
  }
}

/// Rejects a source that never ends before another one.
private func checkEnds(_ options: Options) throws(CommandLineError) {
  let ending = options.filesFrom == nil ? options.sources.dropLast() : options.sources[...]
  if options.frameLimit < Int64.max { return }
  for source in ending where isEndless(source) {
    throw CommandLineError(
      """
      \(source.description): never ends, so the sources after it would never be read: run one rf-cam per camera, in a shell each or as \
      services (systemctl start rf-cam@NAME, settings in /etc/rf-cam/NAME.conf)
      """)
  }
}

private func isEndless(_ source: Argument) -> Bool { withCString(FileName(source.bytes)) { Source.isEndless($0) } }

private func rateNames() -> String {
  var names = ""
  for rate in serialRates() { names += names.isEmpty ? "\(rate)" : ", \(rate)" }
  return names
}
