// Makes faces unrecognisable: an ellipse per face is blurred, replaced by a mosaic or painted black. Integer arithmetic, so that
// all machines give the same pixels.

/// The replacement of a face's pixels.
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

  /// Returns the samples of a plane at half the size that belong to any of the pixels.
  var halved: PixelRectangle { PixelRectangle(left: left / 2, top: top / 2, right: (right + 1) / 2, bottom: (bottom + 1) / 2) }
}

/// Rows of samples: a picture's pixels with 3 channels, or a plane with one.
struct Samples {
  let base: UnsafeMutablePointer<UInt8>
  let width: Int, height: Int
  let channels: Int
  /// The value that is black.
  let black: UInt8
  var strideBytes: Int { width * channels }
}

/// Covers faces, with memory for the pixels of one.
public final class Cover {
  private let style: CoverStyle
  private let keep: [PixelRectangle]
  /// The replacement of the samples around an ellipse, and a step on the way to it.
  private var region = ByteStore(), step = ByteStore()
  private var sums: [Int32] = []

  /// Squares along the longer side of a face: too few for its features.
  static let mosaicSquares = 8

  /// - Parameter keep: pixels that are never covered.
  public init(_ style: CoverStyle, keep: [PixelRectangle] = []) { (self.style, self.keep) = (style, keep) }

  /// Covers the pixels of an ellipse. All others stay as they are. If memory is exhausted, the pixels become black: no face stays
  /// visible.
  public func apply(_ shape: CoverShape, to picture: Picture) {
    cover(
      shape, keep, Samples(base: picture.pixels, width: picture.width, height: picture.height, channels: 3, black: 0))
  }

  /// Covers an ellipse in all planes. Chroma samples stand for up to four pixels: those at the edge may belong to one outside.
  public func apply(_ shape: CoverShape, to picture: PlanarPicture) {
    let planes = picture.planes
    cover(shape, keep, planes.luma)
    let half = shape.shrunk(by: 2), kept = keep.map { $0.halved }
    cover(half, kept, planes.blue)
    cover(half, kept, planes.red)
  }

  private func cover(_ shape: CoverShape, _ keep: [PixelRectangle], _ samples: Samples) {
    guard let bounds = shape.bounds(width: samples.width, height: samples.height) else { return }
    let stride = (bounds.right - bounds.left) * samples.channels
    let replacement = style == .solid ? nil : makeReplacement(bounds, samples)
    for y in bounds.top..<bounds.bottom {
      let columns = shape.columns(ofRow: y, within: bounds.left..<bounds.right)
      for part in parts(of: columns, row: y, without: keep) where !part.isEmpty {
        let to = samples.base + y * samples.strideBytes + part.lowerBound * samples.channels
        let count = part.count * samples.channels
        if let replacement {
          let first = (y - bounds.top) * stride + (part.lowerBound - bounds.left) * samples.channels
          to.update(from: replacement + first, count: count)
        } else {
          to.update(repeating: samples.black, count: count)
        }
      }
    }
  }

  /// Returns the columns without those of kept rectangles.
  private func parts(of columns: Range<Int>, row: Int, without keep: [PixelRectangle]) -> [Range<Int>] {
    var parts = [columns]
    for kept in keep where row >= kept.top && row < kept.bottom {
      parts = parts.flatMap { part in
        let (left, right) = (part.clamped(to: part.lowerBound..<max(part.lowerBound, kept.left)), max(part.lowerBound, kept.right))
        return [left, min(right, part.upperBound)..<part.upperBound]
      }
    }
    return parts
  }

  /// Returns the blurred samples around an ellipse, or their mosaic; nil if memory is exhausted.
  private func makeReplacement(_ bounds: PixelRectangle, _ samples: Samples) -> UnsafePointer<UInt8>? {
    let (width, height) = (bounds.right - bounds.left, bounds.bottom - bounds.top)
    let rowBytes = width * samples.channels
    guard region.makeRoom(rowBytes * height), let base = region.base else { return nil }
    for y in 0..<height {
      let row = samples.base + (y + bounds.top) * samples.strideBytes + bounds.left * samples.channels
      (base + y * rowBytes).update(from: row, count: rowBytes)
    }
    switch style {
    case .blur:
      guard step.makeRoom(rowBytes * height), let other = step.base else { return nil }
      for _ in 0..<2 {
        for y in 0..<height { blurRow(base + y * rowBytes, other + y * rowBytes, width, samples.channels) }
        blurColumns(other, base, rowBytes: rowBytes, height)
      }
    case .mosaic, .solid: makeMosaic(base, width, height, samples.channels)
    }
    return UnsafePointer(base)
  }

  private func makeMosaic(_ base: UnsafeMutablePointer<UInt8>, _ width: Int, _ height: Int, _ channels: Int) {
    let side = max(2, (max(width, height) + Cover.mosaicSquares - 1) / Cover.mosaicSquares)
    for top in stride(from: 0, to: height, by: side) {
      for left in stride(from: 0, to: width, by: side) {
        let square = PixelRectangle(left: left, top: top, right: min(left + side, width), bottom: min(top + side, height))
        for channel in 0..<channels { fillWithMean(square, base + channel, width * channels, channels) }
      }
    }
  }

  private func fillWithMean(_ square: PixelRectangle, _ base: UnsafeMutablePointer<UInt8>, _ stride: Int, _ channels: Int) {
    let count = (square.right - square.left) * (square.bottom - square.top)
    var sum = 0
    for y in square.top..<square.bottom { for x in square.left..<square.right { sum += Int(base[y * stride + x * channels]) } }
    let mean = UInt8((sum + count / 2) / count)
    for y in square.top..<square.bottom { for x in square.left..<square.right { base[y * stride + x * channels] = mean } }
  }

  /// Means over 2 * radius + 1 pixels of a row, fewer at its ends, by a running sum.
  private func blurRow(_ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, _ width: Int, _ channels: Int) {
    let radius = max(1, width / 4)
    for channel in 0..<channels {
      var sum: Int32 = 0
      for x in 0..<min(radius, width) { sum &+= Int32(from[x * channels + channel]) }
      for x in 0..<width {
        if x + radius < width { sum &+= Int32(from[(x + radius) * channels + channel]) }
        if x > radius { sum &-= Int32(from[(x - radius - 1) * channels + channel]) }
        let count = Int32(truncatingIfNeeded: min(x + radius, width - 1) - max(x - radius, 0) + 1)
        to[x * channels + channel] = UInt8(truncatingIfNeeded: (sum &+ count / 2) / count)
      }
    }
  }

  /// The same down the columns: one running sum per byte of a row, so that the compiler vectorises the loops.
  private func blurColumns(_ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, rowBytes count: Int, _ height: Int) {
    let radius = max(1, height / 4)
    sums.removeAll(keepingCapacity: true)
    sums.append(contentsOf: repeatElement(0, count: count))
    sums.withUnsafeMutableBufferPointer { sums in
      func add(_ row: Int, _ sign: Int32) {
        let row = from + row * count
        for i in 0..<count { sums[i] &+= sign &* Int32(row[i]) }
      }
      for y in 0..<min(radius, height) { add(y, 1) }
      for y in 0..<height {
        if y + radius < height { add(y + radius, 1) }
        if y > radius { add(y - radius - 1, -1) }
        let rows = Int32(truncatingIfNeeded: min(y + radius, height - 1) - max(y - radius, 0) + 1)
        // Division by a product: exact for sums below 2^23 (255 * 32,767 rows).
        let factor = (Int64(1) << 40) / Int64(rows) + 1
        let to = to + y * count
        for i in 0..<count { to[i] = UInt8(truncatingIfNeeded: (Int64(sums[i] &+ rows / 2) &* factor) >> 40) }
      }
    }
  }
}
