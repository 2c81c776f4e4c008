// The one thing wanted of a JPEG's Exif data: how the camera was held. Untrusted, so every step is held against the bytes
// that are there; anything odd means upright, as in other readers.
// Source: ITU-T T.81 B.1.1 (marker segments); Exif 2.32 (CIPA DC-008) 4.5 and 4.6; TIFF 6.0.
import Imaging

/// The orientation that a JPEG's Exif segment states; upright where there is none.
func exifOrientation(ofJPEG jpeg: UnsafeRawBufferPointer) -> Orientation {
  var position = 2
  while position + 4 <= jpeg.count, jpeg[position] == 0xFF {
    let marker = jpeg[position + 1]
    if marker == 0xFF { // a fill byte
      position += 1
      continue
    }
    // Tables and headers come before the first scan; nothing after it is looked at.
    guard marker != 0xDA, marker != 0xD9 else { break }
    let length = Int(jpeg[position + 2]) << 8 | Int(jpeg[position + 3])
    let end = position + 2 + length
    guard length >= 2, end <= jpeg.count else { break }
    if marker == 0xE1, let orientation = orientation(ofSegment: UnsafeRawBufferPointer(rebasing: jpeg[(position + 4)..<end])) {
      return orientation
    }
    position = end
  }
  return .upright
}

/// The same of one APP1 segment; `nil` where it is not Exif or says nothing that is valid.
private func orientation(ofSegment segment: UnsafeRawBufferPointer) -> Orientation? {
  let name: StaticString = "Exif\0\0"
  guard segment.count >= 14, name.withUTF8Buffer({ $0.elementsEqual(segment[..<6]) }) else { return nil }
  return TIFF(UnsafeRawBufferPointer(rebasing: segment[6...]))?.orientation
}

/// A TIFF header and its first directory. Offsets count from the header; they have 32 bits, so sums need more.
private struct TIFF {
  private let bytes: UnsafeRawBufferPointer
  private let isLittleEndian: Bool

  init?(_ bytes: UnsafeRawBufferPointer) {
    switch (bytes[0], bytes[1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4D, 0x4D): isLittleEndian = false
    default: return nil
    }
    self.bytes = bytes
    guard short(at: 2) == 42 else { return nil }
  }

  var orientation: Orientation? {
    guard let directory = long(at: 4), let count = short(at: directory) else { return nil }
    for entry in 0..<count {
      let place = directory + 2 + 12 * entry
      guard let tag = short(at: place), let type = short(at: place + 2), let values = long(at: place + 4),
            let value = short(at: place + 8) else { return nil }
      // Tag 0x0112 is one value of type 3, SHORT, left-aligned in the entry's last four bytes.
      if tag == 0x0112, type == 3, values == 1 { return Orientation(rawValue: UInt8(truncatingIfNeeded: min(value, 255))) }
    }
    return nil
  }

  private func short(at place: Int64) -> Int64? {
    guard place >= 0, place + 2 <= bytes.count else { return nil }
    let offset = Int(place)
    let (a, b) = (Int64(bytes[offset]), Int64(bytes[offset + 1]))
    return isLittleEndian ? b << 8 | a : a << 8 | b
  }

  private func long(at offset: Int64) -> Int64? {
    guard let a = short(at: offset), let b = short(at: offset + 2) else { return nil }
    return isLittleEndian ? b << 16 | a : a << 16 | b
  }
}
