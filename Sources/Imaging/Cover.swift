// Makes faces unrecognisable: an ellipse per face is blurred, replaced by a mosaic or painted black. Integer arithmetic, so that
// all machines give the same pixels.

/// How the pixels of a face are replaced.
public enum CoverStyle: Sendable {
  /// Means over a window of half the face's size, twice.
  case blur
  /// Squares, 8 along the longer side of the face, each with its mean colour.
  case mosaic
  /// Black.
  case solid
}

/// A rectangle of whole pixels.
public struct PixelRectangle: Equatable, Sendable {
  /// Edges; the pixels x in left..<right, y in top..<bottom are inside.
  public let left: Int, top: Int, right: Int, bottom: Int

  /// Creates a rectangle from its edges.
  public init(left: Int, top: Int, right: Int, bottom: Int) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  func contains(_ x: Int, _ y: Int) -> Bool { x >= left && x < right && y >= top && y < bottom }
}

/// An ellipse in a frame, pixels.
public struct CoverShape: Equatable, Sendable {
  /// The centre.
  public var x: Float, y: Float
  /// Half of the axis along the line of the eyes, and of the other one.
  public var halfWidth: Float, halfHeight: Float
  /// Direction of the line of the eyes.
  public var cosine: Float, sine: Float

  /// Creates the ellipse that covers a face: its axis follows the line of the eyes.
  ///
  /// - Parameters:
  ///   - left, top, right, bottom: the face's box, frame pixels.
  ///   - scale: size of the ellipse relative to the box.
  public init(left: Float, top: Float, right: Float, bottom: Float, _ landmarks: Landmarks, scale: Float) {
    (x, y) = ((left + right) / 2, (top + bottom) / 2)
    let (dx, dy) = (landmarks.rightEye.x - landmarks.leftEye.x, landmarks.rightEye.y - landmarks.leftEye.y)
    let length = (dx * dx + dy * dy).squareRoot()
    (cosine, sine) = length > 0 && length.isFinite ? (dx / length, dy / length) : (1, 0)
    // The box of a face that lies on its side is wide, of an upright one high; between them both sides count.
    let (width, height) = (right - left, bottom - top)
    let (c, s) = (cosine * cosine, sine * sine)
    halfWidth = scale * (width * c + height * s) / 2
    halfHeight = scale * (width * s + height * c) / 2
  }

  /// Returns the ellipse moved and enlarged.
  public func moved(x: Float, y: Float, growth: Float = 1) -> CoverShape {
    var shape = self
    (shape.x, shape.y) = (self.x + x, self.y + y)
    (shape.halfWidth, shape.halfHeight) = (halfWidth * growth, halfHeight * growth)
    return shape
  }

  /// Returns the ellipse in a picture that was decoded this many times smaller.
  public func shrunk(by factor: Float) -> CoverShape {
    var shape = self
    (shape.x, shape.y, shape.halfWidth, shape.halfHeight) = (x / factor, y / factor, halfWidth / factor, halfHeight / factor)
    return shape
  }

  /// Returns the pixels around the ellipse within a picture; nil if there are none.
  func bounds(width: Int, height: Int) -> PixelRectangle? {
    let horizontal = (halfWidth * halfWidth * cosine * cosine + halfHeight * halfHeight * sine * sine).squareRoot()
    let vertical = (halfWidth * halfWidth * sine * sine + halfHeight * halfHeight * cosine * cosine).squareRoot()
    guard x.isFinite, y.isFinite, horizontal.isFinite, vertical.isFinite, halfWidth > 0, halfHeight > 0 else { return nil }
    func whole(_ value: Float, _ limit: Int) -> Int { Int(max(0, min(Float(limit), value))) }
    let box = PixelRectangle(
      left: whole(x - horizontal, width), top: whole(y - vertical, height), right: whole(x + horizontal + 1, width),
      bottom: whole(y + vertical + 1, height))
    return box.left < box.right && box.top < box.bottom ? box : nil
  }

  /// Returns true if the centre of a pixel is inside.
  func contains(_ column: Int, _ row: Int) -> Bool {
    let (dx, dy) = (Float(column) + 0.5 - x, Float(row) + 0.5 - y)
    let (along, across) = ((dx * cosine + dy * sine) / halfWidth, (dy * cosine - dx * sine) / halfHeight)
    return along * along + across * across <= 1
  }
}

/// Covers faces, with memory for the pixels of one.
public final class Cover {
  private let style: CoverStyle
  private let keep: [PixelRectangle]
  /// The replacement of the pixels around an ellipse, and a step on the way to it.
  private let region = Picture(width: 1, height: 1), step = Picture(width: 1, height: 1)
  private var sums: [Int32] = []

  /// Squares along the longer side of a face: too few for its features.
  static let mosaicSquares = 8

  /// - Parameter keep: pixels that are never covered.
  public init(_ style: CoverStyle, keep: [PixelRectangle] = []) { (self.style, self.keep) = (style, keep) }

  /// Covers the pixels of an ellipse. All others stay as they are.
  ///
  /// If memory for a blur or a mosaic is exhausted, the pixels become black: no face stays visible.
  public func apply(_ shape: CoverShape, to picture: Picture) {
    guard let bounds = shape.bounds(width: picture.width, height: picture.height) else { return }
    var isBlack = style == .solid
    if !isBlack {
      isBlack = !cut(bounds, from: picture)
      if !isBlack { if style == .blur { isBlack = !blur() } else { makeMosaic() } }
    }
    for y in bounds.top..<bounds.bottom {
      for x in bounds.left..<bounds.right where shape.contains(x, y) && !keep.contains(where: { $0.contains(x, y) }) {
        let to = picture.pixels + y * picture.strideBytes + 3 * x
        let from = region.pixels + (isBlack ? 0 : (y - bounds.top) * region.strideBytes + 3 * (x - bounds.left))
        for channel in 0..<3 { to[channel] = isBlack ? 0 : from[channel] }
      }
    }
  }

  private func cut(_ bounds: PixelRectangle, from picture: Picture) -> Bool {
    guard region.resize(width: bounds.right - bounds.left, height: bounds.bottom - bounds.top) else { return false }
    for y in 0..<region.height {
      (region.pixels + y * region.strideBytes).update(
        from: picture.pixels + (y + bounds.top) * picture.strideBytes + 3 * bounds.left, count: region.strideBytes)
    }
    return true
  }

  private func makeMosaic() {
    let side = max(2, (max(region.width, region.height) + Cover.mosaicSquares - 1) / Cover.mosaicSquares)
    for top in stride(from: 0, to: region.height, by: side) {
      for left in stride(from: 0, to: region.width, by: side) {
        fillWithMean(left, top, min(left + side, region.width), min(top + side, region.height))
      }
    }
  }

  private func fillWithMean(_ left: Int, _ top: Int, _ right: Int, _ bottom: Int) {
    let count = (right - left) * (bottom - top)
    for channel in 0..<3 {
      var sum = 0
      for y in top..<bottom { for x in left..<right { sum += Int(region.pixels[y * region.strideBytes + 3 * x + channel]) } }
      let mean = UInt8((sum + count / 2) / count)
      for y in top..<bottom { for x in left..<right { region.pixels[y * region.strideBytes + 3 * x + channel] = mean } }
    }
  }

  private func blur() -> Bool {
    guard step.resize(width: region.width, height: region.height) else { return false }
    for _ in 0..<2 {
      blurRows(from: region, to: step, radius: max(1, region.width / 4))
      blurColumns(from: step, to: region, radius: max(1, region.height / 4))
    }
    return true
  }

  /// Means over 2 * radius + 1 pixels of a row, fewer at its ends, by a running sum.
  private func blurRows(from source: Picture, to target: Picture, radius: Int) {
    for y in 0..<source.height {
      let (from, to) = (source.pixels + y * source.strideBytes, target.pixels + y * target.strideBytes)
      for channel in 0..<3 {
        var sum: Int32 = 0
        for x in 0..<min(radius, source.width) { sum += Int32(from[3 * x + channel]) }
        for x in 0..<source.width {
          if x + radius < source.width { sum += Int32(from[3 * (x + radius) + channel]) }
          if x > radius { sum -= Int32(from[3 * (x - radius - 1) + channel]) }
          let count = Int32(min(x + radius, source.width - 1) - max(x - radius, 0) + 1)
          to[3 * x + channel] = UInt8((sum + count / 2) / count)
        }
      }
    }
  }

  /// The same down the columns: one running sum per byte of a row, so that the compiler vectorises the loops.
  private func blurColumns(from source: Picture, to target: Picture, radius: Int) {
    let count = source.strideBytes
    sums.removeAll(keepingCapacity: true)
    sums.append(contentsOf: repeatElement(0, count: count))
    sums.withUnsafeMutableBufferPointer { sums in
      func add(_ row: Int, _ sign: Int32) {
        let from = source.pixels + row * count
        for i in 0..<count { sums[i] &+= sign &* Int32(from[i]) }
      }
      for y in 0..<min(radius, source.height) { add(y, 1) }
      for y in 0..<source.height {
        if y + radius < source.height { add(y + radius, 1) }
        if y > radius { add(y - radius - 1, -1) }
        let rows = Int32(min(y + radius, source.height - 1) - max(y - radius, 0) + 1)
        // Division by a product: exact for sums below 2^23 (255 * 32,767 rows).
        let factor = (Int64(1) << 40) / Int64(rows) + 1
        let to = target.pixels + y * count
        for i in 0..<count { to[i] = UInt8(truncatingIfNeeded: (Int64(sums[i] &+ rows / 2) &* factor) >> 40) }
      }
    }
  }
}
