// The command line of rf-pack: weights to a model file, and `inspect`.
import CommandLine
import Engine
import Foundation
import Host
import Pack

/// A command of the program.
enum Command: Equatable {
  case help
  case pack(weights: String, output: String, name: String?, calibration: Calibration? = nil)
  case inspect(file: String, width: Int, height: Int)

  static func parse(_ words: [Argument]) throws(CommandLineError) -> Command {
    var options = PackOptions()
    let isInspect = words.contains { $0.bytes.first != UInt8(ascii: "-") && $0.equals("inspect") }
    let table = isInspect ? inspectOptions() : packOptions()
    try parseWords(words, table + commonOptions(), to: &options) { $0.files.append($1.text) }
    if options.showsHelp { return .help }
    if isInspect, options.files.first == "inspect" {
      options.files.removeFirst()
      return try inspect(options)
    }
    return try pack(options)
  }

  private static func pack(_ options: PackOptions) throws(CommandLineError) -> Command {
    guard options.files.count == 1 else { throw CommandLineError("name one weights file (or `inspect` and a model file)") }
    guard let output = options.output else { throw CommandLineError("--output FILE is missing") }
    return .pack(weights: options.files[0], output: output, name: options.name, calibration: try calibration(options))
  }

  /// nil: float32.
  private static func calibration(_ options: PackOptions) throws(CommandLineError) -> Calibration? {
    guard options.isInt8 else {
      if options.calibrationPictures != nil { throw CommandLineError("--calibration-pictures is for --precision int8") }
      if options.calibrationFolder != nil { throw CommandLineError("--calibrate is for --precision int8") }
      return nil
    }
    guard let folder = options.calibrationFolder else { throw CommandLineError("--precision int8 needs --calibrate FOLDER") }
    return Calibration(folder: folder, count: options.calibrationPictures ?? CalibrationPictures.standardCount)
  }

  private static func inspect(_ options: PackOptions) throws(CommandLineError) -> Command {
    guard options.files.count == 1 else { throw CommandLineError("inspect needs one model file") }
    return .inspect(file: options.files[0], width: options.width, height: options.height)
  }

  /// Runs the command; results go to `output`, progress to `report`.
  func run(output print: (String) -> Void, report: (String) -> Void) throws(PackError) {
    switch self {
    case .help: print(packHelp())
    case .pack(let weights, let file, let name, let calibration):
      guard !isSameFile(FileName(weights.utf8), FileName(file.utf8)) else {
        throw .file("--output names the weights themselves: choose another file")
      }
      let standard = Command.printable(URL(filePath: weights).deletingPathExtension().lastPathComponent)
      let network = try Command.network(of: try Files.read(weights), name: name ?? standard)
      let model = if let calibration { try calibration.modelFile(of: network, report: report) } else { try network.modelFile() }
      try Files.write(model, to: file)
    case .inspect(let file, let width, let height):
      try Inspect.lines(file: try Files.read(file), width: width, height: height).forEach(print)
    }
  }

  /// Reads a model file or an exchange file; the first bytes distinguish them.
  private static func network(of bytes: Data, name: String) throws(PackError) -> FloatNetwork {
    if bytes.starts(with: ModelFormat.magic) { return try FloatNetwork(modelFile: bytes, name: name) }
    return try FloatNetwork(exchange: try FloatWeights(safetensors: bytes), name: name)
  }

  /// Returns a name for a model file: bytes other than printable ASCII become `_`.
  static func printable(_ name: String) -> String {
    let bytes = name.utf8.prefix(ModelFormat.maxNameBytes).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "_") }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The file that an error is about.
  var subject: String {
    switch self {
    case .help: ""
    case .pack(let weights, _, _, _): weights
    case .inspect(let file, _, _): file
    }
  }
}
