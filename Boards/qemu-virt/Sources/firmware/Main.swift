// The firmware: finds the faces in the picture in flash, prints them on the serial port in the lines of rf-cam, the
// hash of `rf-cam --format hash`, and what memory it took; then switches off.
import CBoard
import CFlash
import Engine
import Imaging
import Kernels
import Report
import RetinaFace

@main struct Firmware {
  static func main() {
    var console = Console()
    console.tell(
      "rf-cam firmware for qemu-virt: \(String(cString: rf_processor())), started at EL\(rf_start_level()), kernels "
        + ISA.available.description)
    do throws(FirmwareError) {
      try run(&console)
      console.tell("done")
    } catch {
      console.tell("failed: \(error.description)")
    }
  }

  private static func run(_ console: inout Console) throws(FirmwareError) {
    let modelBytes = flash(rf_flash_model), pictureBytes = flash(rf_flash_picture)
    let model = try load(modelBytes)
    let frame = try Pixmap(pictureBytes).frame
    let precision: StaticString = model.precision == .int8 ? "int8" : "float32"
    console.tell(
      "model \(model.name), \(precision.description), \(modelBytes.count) bytes in flash; "
        + "picture \(frame.width) x \(frame.height), \(pictureBytes.count) bytes in flash")
    let detector = try makeDetector(model, frame)
    let start = rf_seconds()
    let faces = detector.detect(frame, transform: .identity)
    let seconds = rf_seconds() - start
    let report = FrameReport(
      source: Array("picture.ppm".utf8), frame: 0, timestampSeconds: 0, width: frame.width,
      height: frame.height, latencyMilliseconds: seconds * 1000)
    appendText(report, faces, to: &console.text)
    appendHash(report, resultHash(of: faces, by: detector), to: &console.text)
    appendMemory(detector, to: &console.text)
    console.text.append("time: \(Int(seconds * 1000)) ms a frame by this machine's clock\n")
    console.flush()
  }

  private static func load(_ bytes: UnsafeRawBufferPointer) throws(FirmwareError) -> Model {
    do { return try Model(bytes: bytes) } catch { throw .model(error) }
  }

  private static func makeDetector(_ model: Model, _ frame: Frame) throws(FirmwareError) -> Detector {
    var options = Detector.Options()
    options.hashesHeads = true
    do { return try Detector(model: model, width: frame.width, height: frame.height, options: options) } catch { throw .detector(error) }
  }
}

/// Bytes that lie in flash.
private func flash(_ place: (UnsafeMutablePointer<Int>) -> UnsafePointer<UInt8>) -> UnsafeRawBufferPointer {
  var count = 0
  let start = place(&count)
  return UnsafeRawBufferPointer(start: start, count: count)
}

/// The reason for a missing result. A device without a file system must be flashed again.
enum FirmwareError: Error {
  case model(ModelError)
  case picture(StaticString)
  case detector(DetectorError)

  var description: String {
    switch self {
    case .model(let error): "\(error.description); then make firmware BOARD=qemu-virt, and flash it"
    case .picture(let problem): "picture in flash: \(problem): make firmware BOARD=qemu-virt PICTURE=x.jpg, and flash it"
    case .detector(let error): error.description
    }
  }
}
