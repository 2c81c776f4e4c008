// Smooths boxes and landmarks: the network's results for a face at rest vary visibly by a pixel or two. The filter is a
// low-pass whose cutoff rises with speed: low for faces at rest, so that noise is removed; high for moving faces, so that
// the result does not lag.
// Source: Casiez, Roussel, Vogel, "1 EUR Filter: A Simple Speed-based Low-pass Filter for Noisy Input", CHI 2012.
import Imaging

/// Filters one coordinate of a face over time.
struct OneEuroFilter {
  /// Cutoff at rest, Hz: the trembling of heads and of networks is above it.
  static let restCutoff: Float = 1
  /// Gain of the cutoff per speed in face sizes per second, Hz. At a constant speed the filter lags by speed / (2 pi cutoff),
  /// which is at most 1 / (2 pi x 4): a 25th of the face's size.
  static let cutoffGain: Float = 4
  /// Cutoff of the speed itself, Hz (from the paper).
  static let speedCutoff: Float = 1

  private var raw: Float
  private var smooth: Float
  /// Pixels per second.
  private var speed: Float = 0

  init(_ value: Float) { (raw, smooth) = (value, value) }

  /// Returns the filtered value, pixels.
  ///
  /// - Parameters:
  ///   - value: pixels.
  ///   - seconds: since the last value, more than 0.
  ///   - size: of the face, pixels, more than 0: the unit of speed, so that near and far faces are treated alike.
  mutating func update(_ value: Float, seconds: Float, size: Float) -> Float {
    speed += Self.gain(cutoff: Self.speedCutoff, seconds) * ((value - raw) / seconds - speed)
    raw = value
    smooth += Self.gain(cutoff: Self.restCutoff + Self.cutoffGain * abs(speed) / size, seconds) * (value - smooth)
    return smooth
  }

  /// Returns the weight of a new value in a first-order low-pass.
  private static func gain(cutoff: Float, _ seconds: Float) -> Float {
    let timeConstant = 1 / (2 * Float.pi * cutoff)
    return 1 / (1 + timeConstant / seconds)
  }
}

/// Filters all coordinates of a face over time.
struct FaceSmoother {
  private var filters: InlineArray<14, OneEuroFilter>

  init(_ face: Face) { filters = InlineArray { OneEuroFilter(face.coordinate($0)) } }

  /// Returns the face with filtered coordinates; score and id are unchanged.
  mutating func update(_ face: Face, seconds: Double) -> Face {
    let size = max(1, (face.box.width + face.box.height) / 2)
    var result = face
    for index in 0..<14 {
      let value = filters[index].update(face.coordinate(index), seconds: Float(seconds), size: size)
      result.setCoordinate(index, value)
    }
    return result
  }
}

extension Face {
  /// Box, then landmarks, x before y.
  fileprivate func coordinate(_ index: Int) -> Float {
    switch index {
    case 0: box.x1
    case 1: box.y1
    case 2: box.x2
    case 3: box.y2
    default: index & 1 == 0 ? landmarks[index / 2 - 2].x : landmarks[index / 2 - 2].y
    }
  }

  fileprivate mutating func setCoordinate(_ index: Int, _ value: Float) {
    switch index {
    case 0: box.x1 = value
    case 1: box.y1 = value
    case 2: box.x2 = value
    case 3: box.y2 = value
    default: if index & 1 == 0 { landmarks[index / 2 - 2].x = value } else { landmarks[index / 2 - 2].y = value }
    }
  }
}
