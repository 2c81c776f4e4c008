// Finds the pictures in a stream of JPEGs (MJPEG), with anything between them: multipart headers, padding, noise.
// Segments are skipped by their length, because the thumbnail in an Exif segment has start and end marks of its own.

/// The piece that the splitter found at the start of the given bytes.
enum JPEGPiece: Equatable {
  /// More bytes are needed.
  case unfinished
  /// Bytes that are not part of a picture.
  case noise(byteCount: Int)
  /// A picture from its start to its end mark.
  case picture(byteCount: Int)
  /// A picture with a scan but without an end mark before the next start: decoding shows whether pixels are missing.
  case unended(byteCount: Int)
  /// A picture that another one interrupts before its first scan.
  case cutOff(byteCount: Int)
}

/// Searches a growing run of bytes without reading any twice.
struct JPEGSplitter {
  private var markers = JPEGMarkers(position: 0)
  private var isInside = false
  private var segmentCount = 0
  /// True if a scan has begun: the bytes so far may be a picture that lacks only its end mark.
  private(set) var hasScan = false

  /// Maximum number of stray bytes after a start mark, which some cameras send. With more, FF D8 counts as noise.
  private static let maxStrayBytes = 256

  /// Starts a new piece; the next bytes begin after the last one.
  mutating func restart() { self = JPEGSplitter() }

  /// - Parameter bytes: all bytes since the last piece, including those of earlier calls.
  mutating func find(in bytes: UnsafeRawBufferPointer) -> JPEGPiece {
    if !isInside, let piece = findStart(bytes) { return piece }
    return findEnd(bytes)
  }

  /// Moves to the first start of a picture: FF D8 followed by a marker.
  private mutating func findStart(_ bytes: UnsafeRawBufferPointer) -> JPEGPiece? {
    while markers.position + 3 <= bytes.count {
      let position = markers.position
      if bytes[position] == 0xFF, bytes[position + 1] == JPEGMarkers.start {
        switch isFollowedByMarker(position + 2, bytes) {
        case true?:
          guard position == 0 else { return .noise(byteCount: position) }
          isInside = true
          markers.position = 2
          return nil
        case nil: return position > 0 ? .noise(byteCount: position) : .unfinished
        case false?: break
        }
      }
      markers.position += 1
    }
    return markers.position > 0 ? .noise(byteCount: markers.position) : .unfinished
  }

  /// Returns true if a marker follows, at once or after a few stray bytes; `nil` if more bytes are needed.
  private func isFollowedByMarker(_ position: Int, _ bytes: UnsafeRawBufferPointer) -> Bool? {
    if bytes[position] == 0xFF { return true }
    let limit = min(bytes.count, position + Self.maxStrayBytes + 2)
    var stray = JPEGMarkers(position: position)
    if let code = stray.next(in: UnsafeRawBufferPointer(rebasing: bytes[..<limit])) { return JPEGMarkers.hasSegment(code) }
    return limit < bytes.count ? false : nil
  }

  /// Moves from marker to marker until the picture ends.
  private mutating func findEnd(_ bytes: UnsafeRawBufferPointer) -> JPEGPiece {
    while true {
      // A marker whose segment is incomplete is read again with more bytes.
      let before = markers
      guard let code = markers.next(in: bytes) else { return .unfinished }
      switch code {
      case JPEGMarkers.end: return .picture(byteCount: markers.position)
      case JPEGMarkers.start: return endedByStart(markers.position - 2)
      case _ where JPEGMarkers.hasSegment(code):
        guard let end = markers.segmentEnd(in: bytes), end <= bytes.count else {
          markers = before
          return .unfinished
        }
        markers.position = end
        segmentCount += 1
        if code == JPEGMarkers.scan { hasScan = true }
      default: break
      }
    }
  }

  /// Classifies the bytes before a second start mark; a start mark without segments is noise.
  private func endedByStart(_ byteCount: Int) -> JPEGPiece {
    if hasScan { return .unended(byteCount: byteCount) }
    return segmentCount > 0 ? .cutOff(byteCount: byteCount) : .noise(byteCount: byteCount)
  }
}
