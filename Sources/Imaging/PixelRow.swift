// Reads each pixel format, four pixels at a time or one by one: the only code that depends on the formats' bytes.
// All conversion and resizing is generic over these rows and specialised by the compiler.

/// Red, green and blue of four neighbouring pixels, byte values as floats.
struct FourPixels {
  var r: SIMD4<Float>, g: SIMD4<Float>, b: SIMD4<Float>
}

/// One row of a frame.
protocol PixelRow {
  init(_ frame: Frame, y: Int)
  /// Returns pixels x ..< x + 4, all inside the row, as R'G'B' bytes.
  func four(at x: Int) -> FourPixels
  /// Returns the samples of one pixel unconverted: R G B, Y Cb Cr, or gray three times; the fourth lane is undefined.
  func samples(at x: Int) -> SIMD4<Float>
  /// Converts samples or a mean of samples to R'G'B', not rounded, within 0...255; the fourth lane is undefined.
  func color(of samples: SIMD4<Float>) -> SIMD4<Float>
  /// Returns one pixel as R'G'B' bytes in the first lanes: exactly the values of `four` for this pixel.
  func one(at x: Int) -> FourPixels
}

/// Formats whose samples are R'G'B'.
extension PixelRow {
  @inline(__always)
  func color(of samples: SIMD4<Float>) -> SIMD4<Float> { samples }

  @inline(__always)
  func one(at x: Int) -> FourPixels {
    let rgb = samples(at: x)
    return FourPixels(r: SIMD4(repeating: rgb[0]), g: SIMD4(repeating: rgb[1]), b: SIMD4(repeating: rgb[2]))
  }
}

/// Formats whose samples are Y'CbCr.
protocol YCbCrRow: PixelRow {
  var matrix: YCbCr { get }
}

extension YCbCrRow {
  @inline(__always)
  func color(of samples: SIMD4<Float>) -> SIMD4<Float> { matrix.color(of: samples) }

  @inline(__always)
  func one(at x: Int) -> FourPixels {
    let s = samples(at: x)
    return matrix.bytes(y: SIMD4(repeating: s[0]), cb: SIMD4(repeating: s[1]), cr: SIMD4(repeating: s[2]))
  }

  /// Reads four pixels from an odd `x`: pairs that share chroma start at even columns. Used only for odd offsets of a frame.
  @inline(never)
  func fourOneByOne(at x: Int) -> FourPixels {
    let (a, b, c, d) = (samples(at: x), samples(at: x + 1), samples(at: x + 2), samples(at: x + 3))
    return matrix.bytes(
      y: SIMD4(a[0], b[0], c[0], d[0]), cb: SIMD4(a[1], b[1], c[1], d[1]),
      cr: SIMD4(a[2], b[2], c[2], d[2]))
  }
}

extension UnsafePointer<UInt8> {
  /// Returns the four bytes at `offset` as floats.
  @inline(__always)
  func four(at offset: Int) -> SIMD4<Float> {
    SIMD4<Float>(UnsafeRawPointer(self + offset).loadUnaligned(as: SIMD4<UInt8>.self))
  }
}

/// R G B.
struct RGBRow: PixelRow {
  private let bytes: UnsafePointer<UInt8>
  /// Bytes from the row's start to the frame's end.
  private let readable: Int

  init(_ frame: Frame, y: Int) {
    bytes = frame.planes.0.row(y)
    readable = (frame.height - 1 - y) * frame.planes.0.strideBytes + 3 * frame.width
  }

  @inline(__always)
  func four(at x: Int) -> FourPixels {
    let (p, q, s) = (bytes.four(at: 3 * x), bytes.four(at: 3 * x + 4), bytes.four(at: 3 * x + 8))
    return FourPixels(
      r: SIMD4(p[0], p[3], q[2], s[1]), g: SIMD4(p[1], q[0], q[3], s[2]),
      b: SIMD4(p[2], q[1], s[0], s[3]))
  }

  @inline(__always)
  func samples(at x: Int) -> SIMD4<Float> {
    // Loads four bytes at once, except for the frame's very last pixel.
    guard 3 * x + 4 > readable else { return bytes.four(at: 3 * x) }
    return SIMD4<Float>(SIMD4<UInt8>(bytes[3 * x], bytes[3 * x + 1], bytes[3 * x + 2], 0))
  }
}

/// B G R.
struct BGRRow: PixelRow {
  private let row: RGBRow

  init(_ frame: Frame, y: Int) { row = RGBRow(frame, y: y) }

  @inline(__always)
  func four(at x: Int) -> FourPixels {
    let four = row.four(at: x)
    return FourPixels(r: four.b, g: four.g, b: four.r)
  }

  @inline(__always)
  func samples(at x: Int) -> SIMD4<Float> {
    let bgr = row.samples(at: x)
    return SIMD4(bgr[2], bgr[1], bgr[0], 0)
  }
}

/// R G B or B G R with an unused byte.
struct RGBXRow: PixelRow {
  private let bytes: UnsafePointer<UInt8>
  private let isReversed: Bool

  init(_ frame: Frame, y: Int) {
    bytes = frame.planes.0.row(y)
    isReversed = frame.format == .bgrx
  }

  @inline(__always)
  func four(at x: Int) -> FourPixels {
    let (p, q, s, t) = (bytes.four(at: 4 * x), bytes.four(at: 4 * x + 4), bytes.four(at: 4 * x + 8), bytes.four(at: 4 * x + 12))
    let first = SIMD4(p[0], q[0], s[0], t[0]), third = SIMD4(p[2], q[2], s[2], t[2])
    return FourPixels(r: isReversed ? third : first, g: SIMD4(p[1], q[1], s[1], t[1]), b: isReversed ? first : third)
  }

  @inline(__always)
  func samples(at x: Int) -> SIMD4<Float> {
    let pixel = bytes.four(at: 4 * x)
    return isReversed ? SIMD4(pixel[2], pixel[1], pixel[0], 0) : pixel
  }
}

/// One byte per pixel.
struct GrayRow: PixelRow {
  private let bytes: UnsafePointer<UInt8>

  init(_ frame: Frame, y: Int) { bytes = frame.planes.0.row(y) }

  @inline(__always)
  func four(at x: Int) -> FourPixels {
    let gray = bytes.four(at: x)
    return FourPixels(r: gray, g: gray, b: gray)
  }

  @inline(__always)
  func samples(at x: Int) -> SIMD4<Float> {
    let gray = Float(bytes[x])
    return SIMD4(gray, gray, gray, 0)
  }
}

/// Two pixels in four bytes, luma and chroma alternating.
protocol YCbCrPairs {
  /// Position of the first Y' and of Cb in the four bytes; the second Y' and Cr follow two bytes later.
  static var luma: Int { get }
  static var chroma: Int { get }
}

/// Y0 Cb Y1 Cr.
enum YUYVPairs: YCbCrPairs {
  @inline(__always) static var luma: Int { 0 }
  @inline(__always) static var chroma: Int { 1 }
}

/// Cb Y0 Cr Y1.
enum UYVYPairs: YCbCrPairs {
  @inline(__always) static var luma: Int { 1 }
  @inline(__always) static var chroma: Int { 0 }
}

/// One plane of pairs.
struct PairsRow<Pairs: YCbCrPairs>: YCbCrRow {
  private let bytes: UnsafePointer<UInt8>
  let matrix: YCbCr

  init(_ frame: Frame, y: Int) {
    bytes = frame.planes.0.row(y)
    matrix = YCbCr(frame.range)
  }

  @inline(__always)
  func four(at x: Int) -> FourPixels {
    guard x & 1 == 0 else { return fourOneByOne(at: x) }
    let (p, q) = (bytes.four(at: 2 * x), bytes.four(at: 2 * x + 4))
    let (y, cb, cr) = (Pairs.luma, Pairs.chroma, Pairs.chroma + 2)
    return matrix.bytes(
      y: SIMD4(p[y], p[y + 2], q[y], q[y + 2]), cb: SIMD4(p[cb], p[cb], q[cb], q[cb]),
      cr: SIMD4(p[cr], p[cr], q[cr], q[cr]))
  }

  @inline(__always)
  func samples(at x: Int) -> SIMD4<Float> {
    let pair = bytes + 4 * (x / 2)
    let (y, cb) = (Pairs.luma + 2 * (x & 1), Pairs.chroma)
    return SIMD4<Float>(SIMD4<UInt8>(pair[y], pair[cb], pair[cb + 2], 0))
  }
}

/// A row of Y, and half a row of Cb Cr or Cr Cb pairs.
struct NV12Row: YCbCrRow {
  private let luma: UnsafePointer<UInt8>, chroma: UnsafePointer<UInt8>
  private let isSwapped: Bool
  let matrix: YCbCr

  init(_ frame: Frame, y: Int) {
    luma = frame.planes.0.row(y)
    chroma = frame.planes.1.row(frame.format.chromaRow(y))
    isSwapped = frame.format == .nv21
    matrix = YCbCr(frame.range)
  }

  @inline(__always)
  func four(at x: Int) -> FourPixels {
    guard x & 1 == 0 else { return fourOneByOne(at: x) }
    let pairs = chroma.four(at: x)
    let first = SIMD4(pairs[0], pairs[0], pairs[2], pairs[2]), second = SIMD4(pairs[1], pairs[1], pairs[3], pairs[3])
    return matrix.bytes(y: luma.four(at: x), cb: isSwapped ? second : first, cr: isSwapped ? first : second)
  }

  @inline(__always)
  func samples(at x: Int) -> SIMD4<Float> {
    let pair = chroma + (x & ~1), cb = isSwapped ? 1 : 0
    return SIMD4<Float>(SIMD4<UInt8>(luma[x], pair[cb], pair[1 - cb], 0))
  }
}

/// A row of Y, and half a row each of Cb and Cr.
struct I420Row: YCbCrRow {
  private let luma: UnsafePointer<UInt8>, cb: UnsafePointer<UInt8>, cr: UnsafePointer<UInt8>
  let matrix: YCbCr

  init(_ frame: Frame, y: Int) {
    luma = frame.planes.0.row(y)
    cb = frame.planes.1.row(y / 2)
    cr = frame.planes.2.row(y / 2)
    matrix = YCbCr(frame.range)
  }

  @inline(__always)
  func four(at x: Int) -> FourPixels {
    guard x & 1 == 0 else { return fourOneByOne(at: x) }
    let half = x / 2
    let chroma = SIMD4<Float>(SIMD4<UInt8>(cb[half], cb[half + 1], cr[half], cr[half + 1]))
    return matrix.bytes(
      y: luma.four(at: x), cb: SIMD4(chroma[0], chroma[0], chroma[1], chroma[1]),
      cr: SIMD4(chroma[2], chroma[2], chroma[3], chroma[3]))
  }

  @inline(__always)
  func samples(at x: Int) -> SIMD4<Float> { SIMD4<Float>(SIMD4<UInt8>(luma[x], cb[x / 2], cr[x / 2], 0)) }
}
