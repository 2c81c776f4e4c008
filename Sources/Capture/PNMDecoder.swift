// PNM bytes to a picture: gray and colour, plain and raw, 8 and 16 bits. Samples are scaled to 0...255 and rounded.
// Source: Netpbm, pgm(5) and ppm(5).
import Imaging

/// Reads one PNM file. Further pictures in it are not looked at.
struct PNMDecoder {
  private let bytes: UnsafeRawBufferPointer
  private var position = 2
  private let isPlain: Bool
  private let channels: Int

  /// Greater numbers count as this one: more than any size or sample may be, and ten times it still fits 32 bits.
  private static let mostNumber = 2 * Frame.mostPixels

  /// - Parameter bytes: begin with "P2", "P3", "P5" or "P6".
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    isPlain = bytes[1] <= UInt8(ascii: "3")
    channels = bytes[1] == UInt8(ascii: "2") || bytes[1] == UInt8(ascii: "5") ? 1 : 3
  }

  /// - Memory: `picture` grows only when the samples are there: 1 byte each at least, 2 in plain files but for the last.
  mutating func decode(into picture: Picture) throws(PictureError) {
    let width = try number("width"), height = try number("height"), most = try number("greatest value")
    guard width > 0, height > 0, most > 0, most <= 65535 else {
      throw .damaged(reason: "PNM header with size \(width) x \(height) and greatest value \(most)")
    }
    guard width <= Frame.mostPixels / height else { throw .tooLarge(width: width, height: height) }
    let sampleCount = width * height * channels
    let needed = isPlain ? 2 * sampleCount - 1 : sampleCount * (most > 255 ? 2 : 1)
    // One white space ends the header.
    position += 1
    guard bytes.count - position >= needed else {
      throw .cutOff(reason: "\(width) x \(height) samples take \(needed) bytes, \(max(0, bytes.count - position)) are there")
    }
    picture.resize(width: width, height: height)
    if isPlain { try readPlain(into: picture, most) } else { try readRaw(into: picture, most) }
  }

  private mutating func readPlain(into picture: Picture, _ most: Int) throws(PictureError) {
    let step = 3 / channels
    for index in 0..<(picture.width * picture.height * channels) {
      try store(try number("sample"), most, at: picture.pixels + index * step)
    }
  }

  private func readRaw(into picture: Picture, _ most: Int) throws(PictureError) {
    let step = 3 / channels, width = most > 255 ? 2 : 1
    for index in 0..<(picture.width * picture.height * channels) {
      let place = position + index * width
      let sample = width == 1 ? Int(bytes[place]) : Int(bytes[place]) << 8 | Int(bytes[place + 1])
      try store(sample, most, at: picture.pixels + index * step)
    }
  }

  /// Gray goes to all three channels.
  @inline(__always)
  private func store(_ sample: Int, _ most: Int, at output: UnsafeMutablePointer<UInt8>) throws(PictureError) {
    guard sample <= most else { throw .damaged(reason: "PNM sample \(sample) above the greatest value \(most)") }
    let byte = most == 255 ? UInt8(sample) : UInt8((sample * 255 + most / 2) / most)
    output[0] = byte
    if channels == 1 { (output[1], output[2]) = (byte, byte) }
  }

  /// The next decimal number, after white space and comments, which run from # to the line's end.
  private mutating func number(_ what: StaticString) throws(PictureError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = Int(bytes[position]) - 48, (0...9).contains(digit) {
      value = min(10 * value + digit, Self.mostNumber)
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
      case UInt8(ascii: "#"):
        while position < bytes.count, bytes[position] != 10, bytes[position] != 13 { position += 1 }
      default: return
      }
    }
  }
}
