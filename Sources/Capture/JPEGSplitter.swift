// Finds the pictures in a stream of JPEGs back to back (MJPEG), with anything in between: multipart headers, padding, noise.
// Segments are skipped by their length, since the thumbnail in an Exif segment has start and end marks of its own.

/// What the splitter found at the start of the bytes that it was shown.
enum JPEGPiece: Equatable {
  /// More bytes are wanted.
  case unfinished
  /// So many bytes belong to no picture.
  case noise(byteCount: Int)
  /// A picture from its start to its end mark.
  case picture(byteCount: Int)
  /// A picture with a scan but without an end mark before the next start: decoding shows whether pixels are missing.
  case unended(byteCount: Int)
  /// A picture that another one cut short before its first scan.
  case cutOff(byteCount: Int)
}

/// Walks along a growing run of bytes without reading any twice.
struct JPEGSplitter {
  private var markers = JPEGMarkers(position: 0)
  private var isInside = false
  private var segmentCount = 0
  /// Whether a scan has begun: the bytes so far may be a picture that lacks nothing but its end mark.
  private(set) var hasScan = false

  /// Some cameras send stray bytes right after a start mark. With more of them, FF D8 is taken for noise.
  private static let mostStrayBytes = 256

  /// Forgets the piece it has found; the next bytes shown begin after it.
  mutating func restart() { self = JPEGSplitter() }

  /// - Parameter bytes: all since the last piece, so each call shows those of the call before and more.
  mutating func find(in bytes: UnsafeRawBufferPointer) -> JPEGPiece {
    if !isInside, let piece = findStart(bytes) { return piece }
    return findEnd(bytes)
  }

  /// Moves to the first start of an image: FF D8 with a marker behind it.
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

  /// Whether a marker follows, at once or after a few stray bytes; `nil` where the bytes do not show it yet.
  private func isFollowedByMarker(_ position: Int, _ bytes: UnsafeRawBufferPointer) -> Bool? {
    if bytes[position] == 0xFF { return true }
    let limit = min(bytes.count, position + Self.mostStrayBytes + 2)
    var stray = JPEGMarkers(position: position)
    if let code = stray.next(in: UnsafeRawBufferPointer(rebasing: bytes[..<limit])) { return JPEGMarkers.hasSegment(code) }
    return limit < bytes.count ? false : nil
  }

  /// Moves from marker to marker until the picture ends.
  private mutating func findEnd(_ bytes: UnsafeRawBufferPointer) -> JPEGPiece {
    while true {
      // A marker whose segment is not all there is read again with more bytes.
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

  /// A start mark with nothing between it and the next one is noise.
  private func endedByStart(_ byteCount: Int) -> JPEGPiece {
    if hasScan { return .unended(byteCount: byteCount) }
    return segmentCount > 0 ? .cutOff(byteCount: byteCount) : .noise(byteCount: byteCount)
  }
}
