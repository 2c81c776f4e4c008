// Pictures that are unusual or damaged in ways that cameras, phones and converters produce, made from the sample pictures. What
// is expected of each is what djpeg and OpenCV do with it: a complete picture is read, a picture that lacks pixels is not.
import Foundation
import Testing

/// A picture's bytes and the sample picture whose pixels they hold; `nil` where pixels are missing or no decoder reads it.
struct UnusualPicture: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]
  var equals: String? = "kinds/420.jpg"
  var testDescription: String { name }
}

/// A marker segment with its length.
func segment(_ code: UInt8, _ content: [UInt8]) -> [UInt8] {
  [0xFF, code, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 255)] + content
}

/// A TIFF directory with one orientation entry; `value` fills the entry's last four bytes.
func exif(type: UInt8, count: UInt8 = 1, value: [UInt8], isLittleEndian: Bool = true, directory: UInt8 = 8, rest: [UInt8] = []) -> [UInt8] {
  let padding = [UInt8](repeating: 0, count: Int(directory) - 8)
  let tiff: [UInt8] =
    isLittleEndian
    ? [0x49, 0x49, 42, 0, directory, 0, 0, 0] + padding + [1, 0, 0x12, 0x01, type, 0, count, 0, 0, 0]
    : [0x4D, 0x4D, 0, 42, 0, 0, 0, directory] + padding + [0, 1, 0x01, 0x12, 0, type, 0, 0, 0, count]
  return Array("Exif\0\0".utf8) + tiff + value + rest
}

/// A sample JPEG with the places of its segments.
struct SampleJPEG {
  let bytes: [UInt8]
  /// Markers up to the first scan, with where they begin.
  private(set) var markers: [(code: UInt8, place: Int)] = []

  init(_ name: String) throws {
    bytes = try fixture(name)
    var place = 2
    while markers.last?.code != 0xDA {
      markers.append((bytes[place + 1], place))
      place += 2 + Int(bytes[place + 2]) << 8 + Int(bytes[place + 3])
    }
  }

  func place(of code: UInt8) -> Int { markers.first { $0.code == code }!.place }

  func inserting(_ extra: [UInt8], at place: Int = 2) -> [UInt8] { Array(bytes[..<place]) + extra + bytes[place...] }

  /// Without all segments of a code.
  func without(_ code: UInt8) -> [UInt8] {
    var rest = bytes
    for marker in markers.reversed() where marker.code == code {
      rest.removeSubrange(marker.place..<(marker.place + 2 + Int(bytes[marker.place + 2]) << 8 + Int(bytes[marker.place + 3])))
    }
    return rest
  }

  /// With other numbers in the restart marks.
  func renumbered(_ number: (UInt8) -> UInt8) -> [UInt8] {
    var changed = bytes
    for place in bytes.indices.dropLast() where bytes[place] == 0xFF && (0xD0...0xD7).contains(bytes[place + 1]) {
      changed[place + 1] = 0xD0 + number(bytes[place + 1] - 0xD0) & 7
    }
    return changed
  }
}

/// Bytes between and after a JPEG's segments.
func unusualJPEGs() throws -> [UnusualPicture] {
  let sample = try SampleJPEG("kinds/420.jpg"), bytes = sample.bytes
  var all = [UnusualPicture(name: "as it is", bytes: bytes)]
  for (code, place) in sample.markers {
    all.append(UnusualPicture(name: "stray bytes before \(code)", bytes: sample.inserting([0, 0x11, 0x22], at: place)))
    all.append(UnusualPicture(name: "FF 00 before \(code)", bytes: sample.inserting([0xFF, 0], at: place)))
    all.append(UnusualPicture(name: "fill bytes before \(code)", bytes: sample.inserting([0xFF, 0xFF], at: place)))
    all.append(UnusualPicture(name: "RST and TEM before \(code)", bytes: sample.inserting([0xFF, 0xD3, 0xFF, 0x01], at: place)))
  }
  all += [
    UnusualPicture(name: "segment of length 0", bytes: sample.inserting([0xFF, 0xE5, 0, 0])),
    UnusualPicture(name: "segment of length 1", bytes: sample.inserting([0xFF, 0xFE, 0, 1])),
    UnusualPicture(name: "segment longer than it says", bytes: sample.inserting([0xFF, 0xE5, 0, 4] + Array("abcdefgh".utf8))),
    UnusualPicture(name: "picture in APP1", bytes: sample.inserting(segment(0xE1, Array("Exif\0\0".utf8) + bytes))),
    UnusualPicture(name: "marks in a comment", bytes: sample.inserting(segment(0xFE, [0xFF, 0xD9, 0xFF, 0xD8, 0xFF, 0xDA]))),
    UnusualPicture(name: "no JFIF", bytes: sample.without(0xE0)),
    UnusualPicture(name: "DNL after the scan", bytes: bytes.dropLast(2) + [0xFF, 0xDC, 0, 4, 0, 61, 0xFF, 0xD9]),
    UnusualPicture(name: "bytes after the end", bytes: bytes + Array("trailer".utf8) + [UInt8](repeating: 0, count: 500)),
    UnusualPicture(name: "arithmetic coding", bytes: try fixture("kinds/arithmetic.jpg")),
    UnusualPicture(name: "a scan per component", bytes: try fixture("kinds/scans.jpg")),
  ]
  return try all + unendedJPEGs() + restartedJPEGs() + unreadableJPEGs(sample)
}

/// Without an end mark.
private func unendedJPEGs() throws -> [UnusualPicture] {
  let zeros = [UInt8](repeating: 0, count: 1000)
  var all: [UnusualPicture] = []
  for name in ["kinds/420.jpg", "kinds/progressive.jpg", "kinds/scans.jpg", "kinds/restarts.jpg", "kinds/gray.jpg", "kinds/cmyk.jpg"] {
    let bytes = try fixture(name), scan = bytes.indices.dropLast().last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }!
    all += [
      UnusualPicture(name: "\(name) without an end mark", bytes: bytes.dropLast(2), equals: name),
      UnusualPicture(name: "\(name) with half an end mark", bytes: bytes.dropLast(1), equals: name),
      UnusualPicture(name: "\(name) with zeros for the end mark", bytes: bytes.dropLast(2) + zeros, equals: name),
      UnusualPicture(
        name: "\(name) with FF for the end mark", bytes: bytes.dropLast(2) + [UInt8](repeating: 0xFF, count: 100), equals: name),
      UnusualPicture(name: "\(name) without its last scan", bytes: Array(bytes[..<scan]), equals: nil),
    ]
    // Zeros are valid codes: as pixels, they would go unnoticed. Up to one byte of them may end a complete picture, so a loss
    // of a few bytes cannot be told from it; a cut inside a header takes bytes of the next frame with it.
    for lost in [8, 10, 30] {
      all.append(UnusualPicture(name: "\(name) without \(lost) bytes", bytes: bytes.dropLast(lost), equals: nil))
      all.append(UnusualPicture(name: "\(name) with zeros for \(lost) bytes", bytes: bytes.dropLast(lost) + zeros, equals: nil))
    }
  }
  return all
}

private func restartedJPEGs() throws -> [UnusualPicture] {
  let sample = try SampleJPEG("kinds/restarts.jpg")
  return [
    UnusualPicture(name: "restart marks off by four", bytes: sample.renumbered { $0 &+ 4 }, equals: "kinds/restarts.jpg"),
    UnusualPicture(name: "restart marks off by one", bytes: sample.renumbered { $0 &+ 1 }, equals: nil),
  ]
}

/// Pictures that neither djpeg nor OpenCV reads.
private func unreadableJPEGs(_ sample: SampleJPEG) -> [UnusualPicture] {
  let frame = sample.place(of: 0xC0)
  var twelveBits = sample.bytes, noHeight = sample.bytes
  twelveBits[frame + 4] = 12
  (noHeight[frame + 5], noHeight[frame + 6]) = (0, 0)
  return [
    UnusualPicture(name: "12 bits", bytes: twelveBits, equals: nil),
    UnusualPicture(name: "height 0", bytes: noHeight, equals: nil),
    UnusualPicture(name: "no quantisation tables", bytes: sample.without(0xDB), equals: nil),
    UnusualPicture(name: "reserved marker", bytes: sample.inserting([0xFF, 0x02], at: frame), equals: nil),
    UnusualPicture(name: "two starts", bytes: sample.inserting([0xFF, 0xD8], at: frame), equals: nil),
  ]
}
