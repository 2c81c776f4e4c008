// Frames as planes of Y, Cb and Cr for video. Frames that have such samples already are only arranged, so that a film keeps its pixels.

/// An owned picture of planes: Y, then Cb and Cr at half width and height, rounded up; limited range (BT.601).
public final class PlanarPicture {
  /// Pixels, 1 or more.
  public private(set) var width = 1, height = 1
  private var store = ByteStore()
  /// For frames of other formats.
  private let converted = Picture(width: 1, height: 1)

  /// Creates a picture without pixels; `take` or `blacken` fills it.
  public init() {}

  private var chromaWidth: Int { (width + 1) / 2 }
  private var chromaHeight: Int { (height + 1) / 2 }

  /// Y, Cb, Cr without gaps: the bytes of a frame of Y4M. Valid until the picture changes.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: store.base, count: store.base == nil ? 0 : width * height + 2 * chromaWidth * chromaHeight)
  }

  /// - Precondition: the picture has pixels.
  var planes: (luma: Samples, blue: Samples, red: Samples) {
    guard let base = store.base else { preconditionFailure("the picture has no pixels") }
    let chroma = base + width * height
    return (
      Samples(base: base, width: width, height: height, channels: 1, black: 16),
      Samples(base: chroma, width: chromaWidth, height: chromaHeight, channels: 1, black: 128),
      Samples(base: chroma + chromaWidth * chromaHeight, width: chromaWidth, height: chromaHeight, channels: 1, black: 128)
    )
  }

  private func resize(_ width: Int, _ height: Int) -> Bool {
    guard store.makeRoom(width * height + 2 * ((width + 1) / 2) * ((height + 1) / 2)) else { return false }
    (self.width, self.height) = (width, height)
    return true
  }

  /// Makes all pixels black. Returns false if memory is exhausted.
  public func blacken(width: Int, height: Int) -> Bool {
    guard resize(width, height) else { return false }
    for plane in [planes.luma, planes.blue, planes.red] { plane.base.update(repeating: plane.black, count: plane.width * plane.height) }
    return true
  }

  /// Takes the pixels of a picture. Returns false if memory is exhausted.
  public func take(_ picture: Picture) -> Bool {
    guard resize(picture.width, picture.height), let base = store.base else { return false }
    picture.writeI420(to: base)
    return true
  }

  /// Takes a frame's pixels: samples of limited-range Y'CbCr as they are (chroma of two rows is averaged where the frame has it for each
  /// row), all others converted. Returns false if memory is exhausted.
  public func take(_ frame: Frame) -> Bool {
    guard frame.format.isYCbCr, frame.range == .limited else { return converted.copy(frame) && take(converted) }
    guard resize(frame.width, frame.height) else { return false }
    let planes = planes
    let (first, second, third) = frame.planes
    switch frame.format {
    case .yuyv, .uyvy:
      let luma = frame.format == .yuyv ? 0 : 1
      gather(first, offset: luma, step: 2, rows: 1, into: planes.luma)
      gather(first, offset: 1 - luma, step: 4, rows: 2, into: planes.blue)
      gather(first, offset: 3 - luma, step: 4, rows: 2, into: planes.red)
    case .nv12, .nv21, .nv16:
      let rows = frame.format == .nv16 ? 2 : 1, blue = frame.format == .nv21 ? 1 : 0
      gather(first, offset: 0, step: 1, rows: 1, into: planes.luma)
      gather(second, offset: blue, step: 2, rows: rows, into: planes.blue)
      gather(second, offset: 1 - blue, step: 2, rows: rows, into: planes.red)
    default:
      gather(first, offset: 0, step: 1, rows: 1, into: planes.luma)
      gather(second, offset: 0, step: 1, rows: 1, into: planes.blue)
      gather(third, offset: 0, step: 1, rows: 1, into: planes.red)
    }
    return true
  }

  /// Collects every `step`-th byte of each row, or of each pair of rows its mean; the last row of an odd height stands alone.
  private func gather(_ plane: Plane, offset: Int, step: Int, rows: Int, into samples: Samples) {
    for y in 0..<samples.height {
      let first = plane.row(rows * y) + offset, second = plane.row(min(rows * y + rows - 1, height - 1)) + offset
      let to = samples.base + y * samples.width
      if rows == 1, step == 1 {
        to.update(from: first, count: samples.width)
      } else if rows == 1 {
        for x in 0..<samples.width { to[x] = first[step * x] }
      } else {
        for x in 0..<samples.width { to[x] = UInt8(truncatingIfNeeded: (UInt16(first[step * x]) &+ UInt16(second[step * x]) &+ 1) >> 1) }
      }
    }
  }
}
