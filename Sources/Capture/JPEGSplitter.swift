// Finds the pictures in a stream of JPEGs back to back (MJPEG), with anything in between: multipart headers, padding, noise.
// Segments are skipped by their length, since the thumbnail in an Exif segment has start and end marks of its own.
// Source: ITU-T T.81, annex B.
import CHost

/// What the splitter found at the start of the bytes that it was shown.
enum JPEGPiece: Equatable {
  /// More bytes are wanted.
  case unfinished
  /// So many bytes belong to no picture.
  case noise(byteCount: Int)
  /// A whole picture.
  case picture(byteCount: Int)
  /// A picture that another one, or something that is no JPEG, cut short.
  case cutOff(byteCount: Int)
}

/// Walks along a growing run of bytes without looking at any twice.
struct JPEGSplitter {
  private enum State {
    case start, marker, scan
  }

  private var state = State.start
  /// Everything before this is understood.
  private var position = 0

  /// Forgets the piece it has found; the next bytes shown begin after it.
  mutating func restart() {
    state = .start
    position = 0
  }

  /// - Parameter bytes: all since the last piece, so each call shows those of the call before and more.
  mutating func find(in bytes: UnsafeRawBufferPointer) -> JPEGPiece {
    while true {
      let piece: JPEGPiece? = switch state {
      case .start: findStart(bytes)
      case .marker: readMarker(bytes)
      case .scan: skipScan(bytes)
      }
      if let piece { return piece }
    }
  }

  /// Start of image is FF D8, and a marker always follows it.
  private mutating func findStart(_ bytes: UnsafeRawBufferPointer) -> JPEGPiece? {
    while position + 3 <= bytes.count {
      if bytes[position] == 0xFF, bytes[position + 1] == 0xD8, bytes[position + 2] == 0xFF {
        guard position == 0 else { return .noise(byteCount: position) }
        state = .marker
        position = 2
        return nil
      }
      position += 1
    }
    return position > 0 ? .noise(byteCount: position) : .unfinished
  }

  /// At a marker: FF, any number of further FF, and a code.
  private mutating func readMarker(_ bytes: UnsafeRawBufferPointer) -> JPEGPiece? {
    guard position + 2 <= bytes.count else { return .unfinished }
    guard bytes[position] == 0xFF else { return .cutOff(byteCount: position) }
    switch bytes[position + 1] {
    case 0xFF: position += 1
    case 0xD9: return .picture(byteCount: position + 2)
    case 0xD8: return .cutOff(byteCount: position)
    case 0x00, 0x01, 0xD0...0xD7: position += 2 // these have no length
      state = .scan
    case let code: return skipSegment(bytes, code)
    }
    return nil
  }

  private mutating func skipSegment(_ bytes: UnsafeRawBufferPointer, _ code: UInt8) -> JPEGPiece? {
    guard position + 4 <= bytes.count else { return .unfinished }
    let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
    guard length >= 2 else { return .cutOff(byteCount: position) }
    guard position + 2 + length <= bytes.count else { return .unfinished }
    position += 2 + length
    state = code == 0xDA ? .scan : .marker
    return nil
  }

  /// In a scan's data FF is followed by 00 or a restart mark; anything else ends the scan.
  private mutating func skipScan(_ bytes: UnsafeRawBufferPointer) -> JPEGPiece? {
    // Nearly every byte of a stream is seen here, and nearly none is FF: the C library looks for those.
    while position + 2 <= bytes.count {
      guard let mark = memchr(bytes.baseAddress! + position, 0xFF, bytes.count - 1 - position) else {
        position = bytes.count - 1
        break
      }
      position = UnsafeRawPointer(mark) - bytes.baseAddress!
      switch bytes[position + 1] {
      case 0x00, 0xD0...0xD7: position += 2
      case 0xFF: position += 1
      default:
        state = .marker
        return nil
      }
    }
    return .unfinished
  }
}
