// The command line of rf-pack: weights to a model file, and `inspect`.
import Engine
import Foundation
import Host
import Pack

/// What the user asked for.
enum Command: Equatable {
  case help
  case pack(weights: String, output: String, name: String?, calibration: Calibration? = nil)
  case inspect(file: String, width: Int, height: Int)

  static let usage = """
    Usage: rf-pack WEIGHTS --output MODEL.rfm [--name NAME] [--precision int8 --calibrate FOLDER]
           rf-pack inspect MODEL.rfm [--width W] [--height H]

    Makes a model file from float32 weights that Training/retinaface_training/export.py wrote (WEIGHTS.safetensors) or from
    another float32 model file, or shows what is in one.

      --output FILE   where the model file goes; written whole or not at all
      --name NAME     the name inside the file (default: the weights' file name)
      --precision P   float32 (default) or int8, which needs --calibrate
      --calibrate FOLDER  pictures like those that the camera will see; their values set the range of every byte
      --calibration-pictures N  at most so many of them, 1 to 1000 (default 100)
      --width W       input size for inspect, in pixels (default 640)
      --height H      (default 480)
      -h, --help      this text
    """

  /// A wrong command line: the message names the valid choices.
  struct UsageError: Error { let message: String }

  static func parse(_ arguments: [String]) throws(UsageError) -> Command {
    var options: [String: String] = [:]
    var words: [String] = []
    var rest = arguments[...]
    let isInspect = arguments.first { !$0.hasPrefix("-") } == "inspect"
    let valid = isInspect ? ["--width", "--height"] : ["--output", "--name", "--precision", "--calibrate", "--calibration-pictures"]
    while let argument = rest.popFirst() {
      if argument == "-h" || argument == "--help" { return .help }
      guard argument.hasPrefix("-") else {
        words.append(argument)
        continue
      }
      guard valid.contains(argument) else {
        throw UsageError(message: "unknown option \(argument): there are \(valid.joined(separator: ", ")) and --help")
      }
      guard let value = rest.popFirst() else { throw UsageError(message: "\(argument) needs a value") }
      options[argument] = value
    }
    return isInspect ? try inspect(Array(words.dropFirst()), options) : try pack(words, options)
  }

  private static func pack(_ words: [String], _ options: [String: String]) throws(UsageError) -> Command {
    guard words.count == 1 else { throw UsageError(message: "name one weights file (or `inspect` and a model file)") }
    guard let output = options["--output"] else { throw UsageError(message: "--output FILE is missing") }
    if let name = options["--name"], name != printable(name) {
      throw UsageError(message: "--name \(name): needs up to \(ModelFormat.maxNameBytes) printable ASCII characters")
    }
    return .pack(weights: words[0], output: output, name: options["--name"], calibration: try calibration(options))
  }

  /// nil: float32.
  private static func calibration(_ options: [String: String]) throws(UsageError) -> Calibration? {
    let precision = options["--precision"] ?? "float32"
    switch (precision, options["--calibrate"]) {
    case ("float32", nil):
      guard options["--calibration-pictures"] == nil else {
        throw UsageError(message: "--calibration-pictures is for --precision int8")
      }
      return nil
    case ("float32", _): throw UsageError(message: "--calibrate is for --precision int8")
    case ("int8", nil): throw UsageError(message: "--precision int8 needs --calibrate FOLDER")
    case ("int8", let folder?):
      let text = options["--calibration-pictures"] ?? "\(CalibrationPictures.standardCount)"
      guard let count = Int(text), (1...CalibrationPictures.maxCount).contains(count) else {
        throw UsageError(message: "--calibration-pictures \(text): needs a number from 1 to \(CalibrationPictures.maxCount)")
      }
      return Calibration(folder: folder, count: count)
    default: throw UsageError(message: "--precision \(precision): there are float32 and int8")
    }
  }

  private static func inspect(_ words: [String], _ options: [String: String]) throws(UsageError) -> Command {
    guard words.count == 1 else { throw UsageError(message: "inspect needs one model file") }
    func size(_ name: String, _ standard: Int) throws(UsageError) -> Int {
      guard let text = options[name] else { return standard }
      guard let value = Int(text), value >= 1 else { throw UsageError(message: "\(name) \(text): needs a number from 1") }
      return value
    }
    return .inspect(file: words[0], width: try size("--width", 640), height: try size("--height", 480))
  }

  /// Does what was asked; data goes to `output`, progress to `report`.
  func run(output print: (String) -> Void, report: (String) -> Void) throws(PackError) {
    switch self {
    case .help: print(Command.usage)
    case .pack(let weights, let file, let name, let calibration):
      guard !isSameFile(FileName(weights.utf8), FileName(file.utf8)) else { throw .file("--output names the weights themselves: choose another file") }
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

  /// What can stand in a model file: other bytes become `_`.
  private static func printable(_ name: String) -> String {
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
