// The picture in flash: a PPM (netpbm's ppm(5), type P6, 8 bits), whose pixels are used where they lie.
import Imaging

/// A view of a PPM's pixels.
struct Pixmap {
  let frame: Frame

  init(_ bytes: UnsafeRawBufferPointer) throws(FirmwareError) {
    guard bytes.count > 2, bytes[0] == UInt8(ascii: "P"), bytes[1] == UInt8(ascii: "6") else { throw .picture("not a PPM (P6)") }
    var position = 2
    var fields: [Int] = []
    while fields.count < 3 {
      guard let value = Self.number(bytes, &position) else { throw .picture("its header is cut off or has no numbers") }
      fields.append(value)
    }
    guard fields[2] == 255 else { throw .picture("samples are not of 8 bits") }
    // One white space stands between the header and the pixels.
    let pixels = UnsafeRawBufferPointer(rebasing: bytes[min(position + 1, bytes.count)...])
    do { frame = try Frame(.rgb, width: fields[0], height: fields[1], bytes: pixels) } catch {
      throw .picture("its size does not fit its bytes")
    }
  }

  /// The next decimal number, white space before it. No comments: djpeg writes none.
  private static func number(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
    while position < bytes.count, bytes[position] == 32 || (9...13).contains(bytes[position]) { position += 1 }
    var value: Int?
    while position < bytes.count, (48...57).contains(bytes[position]), (value ?? 0) < 1_000_000 {
      value = 10 * (value ?? 0) + Int(bytes[position]) - 48
      position += 1
    }
    return value
  }
}
