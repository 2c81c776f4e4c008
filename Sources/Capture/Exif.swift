// Reads the orientation from the Exif data of a JPEG, PNG or WebP. The data are untrusted: every step is checked against the bytes present.
// Invalid entries that Pillow, exiftool and OpenCV interpret alike are interpreted like that; all others mean upright.
// Source: Exif 2.32 (CIPA DC-008) 4.5 and 4.6; TIFF 6.0; PNG (third edition) 5.3 and 11.3.4.4 (eXIf); WebP Container Specification.
import Imaging

/// Returns the orientation in a JPEG's first valid Exif segment; upright if there is none.
func exifOrientation(ofJPEG jpeg: UnsafeRawBufferPointer) -> Orientation {
  var markers = JPEGMarkers(position: 2)
  // Exif precedes the first scan.
  while let code = markers.next(in: jpeg), ![JPEGMarkers.scan, JPEGMarkers.start, JPEGMarkers.end].contains(code) {
    guard JPEGMarkers.hasSegment(code) else { continue }
    guard let segment = markers.segment(in: jpeg) else { break }
    if code == JPEGMarkers.app1, let orientation = orientation(ofSegment: segment) { return orientation }
  }
  return .upright
}

/// Returns the orientation in the content of one APP1 segment; `nil` if it is not Exif or has no valid orientation.
func orientation(ofSegment segment: UnsafeRawBufferPointer) -> Orientation? {
  // The name ends in two zeros; some writers put another byte in place of the second.
  guard segment.count >= 14, segment.starts(with: "Exif\0") else { return nil }
  return TIFF(UnsafeRawBufferPointer(rebasing: segment[6...]))?.orientation
}

/// Returns the orientation in a PNG's first eXIf chunk; upright if there is none. The chunk may follow the pixels.
func exifOrientation(ofPNG png: UnsafeRawBufferPointer) -> Orientation {
  var place = PNGDecoder.magic.count
  // Length, name, data, checksum.
  while place + 12 <= png.count {
    let count = png[place..<place + 4].reduce(0) { $0 << 8 | Int64($1) }
    let name = png[place + 4..<place + 8]
    guard count <= Int64(png.count - place - 12), !name.elementsEqual("IEND".utf8) else { break }
    let data = png[(place + 8)..<(place + 8 + Int(count))]
    if name.elementsEqual("eXIf".utf8) { return orientation(ofTIFF: data) }
    place += Int(count) + 12
  }
  return .upright
}

/// Returns the orientation in a WebP's EXIF chunk; upright if there is none.
func exifOrientation(ofWebP webP: UnsafeRawBufferPointer) -> Orientation {
  var place = 12
  // Name, length, data, a zero after an odd length.
  while place + 8 <= webP.count {
    let count = webP[place + 4..<place + 8].reversed().reduce(0) { $0 << 8 | Int64($1) }
    guard count <= Int64(webP.count - place - 8) else { break }
    let data = webP[(place + 8)..<(place + 8 + Int(count))]
    if webP[place..<place + 4].elementsEqual("EXIF".utf8) { return orientation(ofTIFF: data) }
    place += 8 + Int(count) + Int(count & 1)
  }
  return .upright
}

/// Returns the orientation of Exif data without a segment's name; some writers put the name before them all the same.
private func orientation(ofTIFF data: UnsafeRawBufferPointer.SubSequence) -> Orientation {
  let bytes = UnsafeRawBufferPointer(rebasing: data)
  if let orientation = orientation(ofSegment: bytes) { return orientation }
  return (bytes.count >= 8 ? TIFF(bytes)?.orientation : nil) ?? .upright
}

/// A TIFF header and its first directory. Offsets count from the header; they have 32 bits, so that sums need more.
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
    // Some writers swap the bytes of this number only.
    guard let magic = short(at: 2), magic == 42 || magic == 42 << 8 else { return nil }
  }

  var orientation: Orientation? {
    guard let directory = long(at: 4), let count = short(at: directory) else { return nil }
    for entry in 0..<count {
      let place = directory + 2 + 12 * entry
      guard let tag = short(at: place) else { return nil }
      if tag == 0x0112, let value = firstValue(ofEntry: place), let valid = UInt8(exactly: value) {
        return Orientation(rawValue: valid)
      }
    }
    return nil
  }

  /// Returns the first value of a directory entry of whole numbers: type, count, then the values, or their offset if they take
  /// more than four bytes. Orientation should be one SHORT; some telephones write a LONG.
  private func firstValue(ofEntry place: Int64) -> Int64? {
    guard let type = short(at: place + 2), let count = long(at: place + 4), count > 0 else { return nil }
    let bytesEach: Int64
    switch type {
    case 1, 6: bytesEach = 1  // BYTE, SBYTE
    case 3, 8: bytesEach = 2  // SHORT, SSHORT
    case 4, 9: bytesEach = 4  // LONG, SLONG
    default: return nil
    }
    guard let offset = count <= 4 / bytesEach ? place + 8 : long(at: place + 8) else { return nil }
    switch bytesEach {
    case 1: return offset < bytes.count ? Int64(bytes[Int(offset)]) : nil
    case 2: return short(at: offset)
    default: return long(at: offset)
    }
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
