// The options of rf-pack.
import CommandLine
import Engine
import Pack
import Report

/// The values of all options.
struct PackOptions {
  /// Operands.
  var files: [String] = []
  var output: String?
  var name: String?
  var isInt8 = false
  var calibrationFolder: String?
  var calibrationPictures: Int?
  /// Pixels.
  var width = 640, height = 480
  var showsHelp = false
}

func packOptions() -> [Option<PackOptions>] {
  [
    .value("--output", "FILE", complete: .files, help: "the model file; written whole or not at all") {
      $0.output = $1.text
      return true
    },
    .value(
      "--name", "NAME, up to \(ModelFormat.maxNameBytes) printable ASCII characters",
      help: "the name inside the file (default: the weights' file name)"
    ) {
      $0.name = $1.text
      return $0.name == Command.printable($1.text)
    },
    .value("--precision", "float32, int8", complete: .words("float32 int8"), help: "default float32; int8 needs --calibrate") {
      $0.isInt8 = $1.equals("int8")
      return $0.isInt8 || $1.equals("float32")
    },
    .value(
      "--calibrate", "FOLDER", complete: .folders,
      help: "pictures like those of the camera; their values set the range of every byte"
    ) {
      $0.calibrationFolder = $1.text
      return true
    },
    .value(
      "--calibration-pictures", "1..\(CalibrationPictures.maxCount)",
      help: "maximum number of them (default 100)"
    ) {
      $0.calibrationPictures = $1.integer(upTo: CalibrationPictures.maxCount)
      return ($0.calibrationPictures ?? 0) >= 1
    },
  ]
}

func inspectOptions() -> [Option<PackOptions>] {
  [
    .value("--width", "PIXELS", help: "width of the input (default 640)") { store($1, in: &$0.width) },
    .value("--height", "PIXELS", help: "height of the input (default 480)") { store($1, in: &$0.height) },
  ]
}

func commonOptions() -> [Option<PackOptions>] {
  [.flag("--help", short: "-h", help: "print this text") { $0.showsHelp = true }]
}

private func store(_ value: Argument, in field: inout Int) -> Bool {
  guard let number = value.integer(upTo: 1_000_000_000), number >= 1 else { return false }
  field = number
  return true
}

/// Returns the help of both commands.
func packHelp() -> String {
  var text = ByteBuffer()
  text.append(
    helpOf: ProgramDescription(
      name: "rf-pack", version: "", summary: "make model files",
      usage: """
        WEIGHTS --output MODEL.rfm [--name NAME] [--precision int8 --calibrate FOLDER]
               rf-pack inspect MODEL.rfm [--width W] [--height H]
        """,
      introduction: """
        Makes a model file from float32 weights that Training's export.py wrote (WEIGHTS.safetensors) or from another
        float32 model file; `inspect` prints what a model file contains.
        """), packOptions())
  text.append("\noptions of inspect:\n")
  text.append(optionsOf: inspectOptions() + commonOptions())
  return String(decoding: text.bytes.dropLast(), as: UTF8.self)
}
