// Decodes PNM files: bitmap, gray and colour, plain and raw, 8 and 16 bits. Samples are scaled to 0...255 and rounded.
// Source: Netpbm, pbm(5), pgm(5) and ppm(5).
import Imaging

/// Decodes the first picture of a PNM file.
struct PNMDecoder {
  private let bytes: UnsafeRawBufferPointer
  private var position = 2
  private let isPlain: Bool, isBitmap: Bool
  private let channels: Int
  private var width = 0, height = 0, greatest = 1

  /// Larger numbers are read as this one, which exceeds every valid size and sample; ten times it fits 32 bits.
  private static let maxNumber = 2 * Frame.maxPixels

  /// - Parameter bytes: begin with "P1" to "P6".
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    let type = bytes[1] - 48
    isPlain = type <= 3
    isBitmap = type == 1 || type == 4
    channels = type == 3 || type == 6 ? 3 : 1
  }

  /// - Memory: `picture` grows only if the bytes suffice for the samples: at least a bit each, 2 bytes in most plain files.
  ///
  /// - Memory: `picture` grows only when the samples are there: a bit each at least, 2 bytes in most plain files.
  mutating func decode(into picture: Picture) throws(PictureError) {
    try readHeader()
    endHeader(isComplete: true)
    guard bytes.count - position >= minBytes else {
      throw .cutOff(reason: "\(width) x \(height) samples take \(minBytes) bytes, \(max(0, bytes.count - position)) are there")
    }
    try picture.makeRoom(width: width, height: height)
    if isPlain { try readPlain(into: picture) } else if isBitmap { readBits(into: picture) } else { readRaw(into: picture) }
  }

  /// Returns the size of the picture in bytes, header included; `nil` for a plain one, which has no fixed size.
  mutating func byteCount() throws(PictureError) -> Int? {
    try readHeader()
    endHeader(isComplete: false)
    return isPlain ? nil : position + minBytes
  }

  /// Size of raw samples; minimum size of plain ones.
  private var minBytes: Int {
    let samples = width * height * channels
    if isPlain { return isBitmap ? samples : 2 * samples - 1 }
    return isBitmap ? (width + 7) / 8 * height : samples * (greatest > 255 ? 2 : 1)
  }

  private mutating func readHeader() throws(PictureError) {
    width = try number("width")
    height = try number("height")
    if !isBitmap { greatest = try number("greatest value") }
    guard width > 0, height > 0, greatest > 0, greatest <= 65535 else {
      throw .damaged(reason: "PNM header with size \(width) x \(height) and greatest value \(greatest)")
    }
    guard width <= Frame.maxPixels / height else { throw .tooLarge(width: width, height: height) }
  }

  /// Skips the one white space that ends the header, and a comment before it. If CR LF follows the type, CR LF ends the header,
  /// unless the LF is the first sample of a complete picture: then the bytes suffice only without it.
  ///
  /// - Parameter isComplete: false for a stream, whose later bytes have not arrived.
  private mutating func endHeader(isComplete: Bool) {
    if position < bytes.count, bytes[position] == UInt8(ascii: "#") { skipComment() }
    let isBreak = position + 2 <= bytes.count && bytes[position] == 13 && bytes[position + 1] == 10
    position += isBreak && bytes[2] == 13 && bytes[3] == 10 && !(isComplete && bytes.count - position == 1 + minBytes) ? 2 : 1
  }

  private mutating func readPlain(into picture: Picture) throws(PictureError) {
    let step = 3 / channels
    for index in 0..<(picture.width * picture.height * channels) {
      let sample = isBitmap ? 1 - (try bit()) : try number("sample")
      guard sample <= greatest else { throw .damaged(reason: "PNM sample \(sample) above the greatest value \(greatest)") }
      store(sample, at: picture.pixels + index * step)
    }
  }

  /// Reads rows of bits, highest first, each row in whole bytes; 1 is black.
  private func readBits(into picture: Picture) {
    for y in 0..<height {
      let row = position + y * ((width + 7) / 8)
      for x in 0..<width {
        store(1 - Int(bytes[row + x / 8] >> UInt8(7 - x % 8)) & 1, at: picture.pixels + y * picture.strideBytes + 3 * x)
      }
    }
  }

  /// Reads binary samples. Samples above the greatest value count as it, as in OpenCV and Pillow.
  private func readRaw(into picture: Picture) {
    let step = 3 / channels, sampleBytes = greatest > 255 ? 2 : 1
    for index in 0..<(width * height * channels) {
      let place = position + index * sampleBytes
      let sample = sampleBytes == 1 ? Int(bytes[place]) : Int(bytes[place]) << 8 | Int(bytes[place + 1])
      store(min(sample, greatest), at: picture.pixels + index * step)
    }
  }

  /// Stores a sample; gray is stored in all three channels.
  @inline(__always)
  private func store(_ sample: Int, at output: UnsafeMutablePointer<UInt8>) {
    let byte = greatest == 255 ? UInt8(sample) : UInt8((sample * 255 + greatest / 2) / greatest)
    output[0] = byte
    if channels == 1 { (output[1], output[2]) = (byte, byte) }
  }

  /// Reads a sample of a plain bitmap, which needs no white space around it.
  private mutating func bit() throws(PictureError) -> Int {
    skipSpace()
    guard position < bytes.count else { throw .cutOff(reason: "PNM ends before its sample") }
    let digit = Int(bytes[position]) - 48
    guard digit == 0 || digit == 1 else { throw .damaged(reason: "PNM sample is not a bit at byte \(position)") }
    position += 1
    return digit
  }

  /// Reads the next decimal number, after white space and comments, which extend from # to the line's end.
  private mutating func number(_ what: StaticString) throws(PictureError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = Int(bytes[position]) - 48, (0...9).contains(digit) {
      value = min(10 * value + digit, Self.maxNumber)
      position += 1
    }
    guard position > start else {
      if position >= bytes.count { throw .cutOff(reason: "PNM ends before its \(what)") }
      throw .damaged(reason: "PNM \(what) is not a number at byte \(position)")
    }
    return value
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 9...13, 32: position += 1
      case UInt8(ascii: "#"): skipComment()
      default: return
      }
    }
  }

  /// Moves to the line break that ends a comment.
  private mutating func skipComment() {
    while position < bytes.count, bytes[position] != 10, bytes[position] != 13 { position += 1 }
  }
}
