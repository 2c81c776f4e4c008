// Generates a moving test picture, for tests and timing without a camera: the same frames on every machine.
import CHost
import Imaging

/// Endless frames of a colour gradient under bright discs that move to the right from frame to frame.
public final class PatternSource {
  private let name: String
  private let nameBytes: [UInt8]
  private let picture: Picture
  private var index: Int64 = 0

  private static let framesPerSecond = 30.0
  static var rate: StreamRate? { StreamRate(frames: 30, seconds: 1) }

  /// Returns `nil` if there is no memory for the picture.
  init?(name: String, width: Int, height: Int) {
    self.name = name
    nameBytes = Array(name.utf8)
    picture = Picture(width: 1, height: 1)
    guard picture.resize(width: width, height: height) else { return nil }
  }

  func next() -> CapturedFrame? {
    guard rf_stop_requested() == 0 else { return nil }
    let start = rf_seconds()
    paint(shift: index)
    defer { index += 1 }
    return CapturedFrame(
      frame: picture.frame, name: name, nameBytes: nameBytes, relativeName: name, index: index,
      timestampSeconds: Double(index) / Self.framesPerSecond, capturedAtSeconds: start,
      captureMilliseconds: (rf_seconds() - start) * 1000)
  }

  /// Paints discs of radius 24 on a grid of 64 pixels; integers only, so that every machine paints the same.
  private func paint(shift: Int64) {
    let (width, height) = (picture.width, picture.height)
    // The pattern repeats every 64 pixels.
    let shift = Int(shift % 64)
    for y in 0..<height {
      let row = picture.pixels + y * picture.strideBytes
      let dy = y & 63 - 32, green = UInt8(truncatingIfNeeded: y * 255 / height)
      for x in 0..<width {
        let dx = (x - 2 * shift) & 63 - 32
        let light: UInt8 = dx * dx + dy * dy < 24 * 24 ? 64 : 0
        row[3 * x] = UInt8(truncatingIfNeeded: x * 191 / width) + light
        row[3 * x + 1] = green
        row[3 * x + 2] = 191 - UInt8(truncatingIfNeeded: x * 191 / width) + light
      }
    }
  }
}
