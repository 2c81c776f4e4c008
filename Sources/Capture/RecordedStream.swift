// Distinguishes recorded films of JPEGs from pictures. Both begin with a JPEG, and a picture too may contain several: phones
// and cameras append previews, depth and gain maps, the other eye's picture or a short film.
//
// A file is a film if its name ends in .mjpeg, .mjpg or .y4m, if it begins as a Y4M film, or if a second JPEG of the same size follows the first one at
// once (after padding or a multipart header at most), unless the first one announces it as its part: by a Multi-Picture
// segment (CIPA DC-007, APP2 "MPF") or by a container directory (XMP, as in Android's cameras).
import CHost

/// Returns true if a regular file's name is that of a film.
func hasFilmName(_ path: FilePath) -> Bool { path.hasEnding([".mjpeg", ".mjpg", ".y4m"]) }

/// Reads as much of a file as needed to decide whether it is a film. If it cannot be read, its source reports the error.
func isFilm(_ path: FilePath) -> Bool {
  let file = path.withCString { rf_file_open($0) }
  guard file >= 0 else { return false }
  defer { close(file) }
  let buffer = InputBuffer()
  var limit = 1 << 16
  // The limit exceeds every frame of a film.
  while buffer.count < 1 << 26, buffer.read(from: file, limit: limit) > 0 {
    if let answer = beginsFilm(buffer.bytes) { return answer }
    limit = max(limit, buffer.count)
  }
  return false
}

/// Returns true if the first picture of these bytes is the first frame of a film; `nil` if more bytes are needed.
func beginsFilm(_ bytes: UnsafeRawBufferPointer) -> Bool? {
  if bytes.starts(with: RawLayout.y4mMagic) { return true }
  guard case .jpeg? = PictureKind(bytes) else { return false }
  guard let size = frameSize(bytes) else { return isHeaderWhole(bytes) ? false : nil }
  if announcesOthers(bytes) { return false }
  var splitter = JPEGSplitter()
  let end: Int
  switch splitter.find(in: bytes) {
  case .picture(let count), .unended(let count): end = count
  case .unfinished: return nil
  case .noise, .cutOff: return false
  }
  guard let next = startAfterGap(UnsafeRawBufferPointer(rebasing: bytes[end...])) else { return nil }
  guard next >= 0 else { return false }
  let following = UnsafeRawBufferPointer(rebasing: bytes[(end + next)...])
  guard let other = frameSize(following) else { return isHeaderWhole(following) ? false : nil }
  return other == size
}

/// Returns width and height from a JPEG's frame header, as four bytes; `nil` if the bytes do not contain it.
private func frameSize(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
  var markers = JPEGMarkers(position: 2)
  while let code = markers.next(in: bytes), code != JPEGMarkers.scan {
    guard JPEGMarkers.hasSegment(code) else { continue }
    guard let segment = markers.segment(in: bytes) else { return nil }
    // Every SOF; C4, C8 and CC are tables and an extension.
    if (0xC0...0xCF).contains(code), ![0xC4, 0xC8, 0xCC].contains(code), segment.count >= 5 {
      return segment[1...4].reduce(0) { $0 << 8 | UInt32($1) }
    }
  }
  return nil
}

private func isHeaderWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
  var markers = JPEGMarkers(position: 2)
  while let code = markers.next(in: bytes) {
    if [JPEGMarkers.scan, JPEGMarkers.start, JPEGMarkers.end].contains(code) { return true }
    if JPEGMarkers.hasSegment(code), markers.segment(in: bytes) == nil { return false }
  }
  return false
}

/// Returns true if the first JPEG's segments announce further pictures as its parts.
private func announcesOthers(_ bytes: UnsafeRawBufferPointer) -> Bool {
  var markers = JPEGMarkers(position: 2)
  while let code = markers.next(in: bytes), code != JPEGMarkers.scan {
    guard JPEGMarkers.hasSegment(code) else { continue }
    guard let segment = markers.segment(in: bytes) else { return false }
    if code == JPEGMarkers.app2, segment.starts(with: "MPF\0") { return true }
    if code == JPEGMarkers.app1, segment.starts(with: "http://ns.adobe.com/xap/"), segment.contains("Container:Directory") { return true }
  }
  return false
}

/// Returns the position of the next JPEG after zeros or a multipart header; -1 if something else follows, `nil` if more bytes
/// are needed.
private func startAfterGap(_ bytes: UnsafeRawBufferPointer) -> Int? {
  let maxHeaderBytes = 1024
  var place = 0
  while place < bytes.count, [0, 10, 13].contains(bytes[place]) { place += 1 }
  guard bytes.count - place >= 3 else { return nil }
  if bytes[place] == UInt8(ascii: "-"), bytes[place + 1] == UInt8(ascii: "-") {
    // CR LF CR LF ends the header.
    while place + 4 < bytes.count, place < maxHeaderBytes,
      !(bytes[place] == 13 && bytes[place + 1] == 10 && bytes[place + 2] == 13 && bytes[place + 3] == 10)
    { place += 1 }
    place += 4
    if place >= maxHeaderBytes { return -1 }
    guard bytes.count - place >= 3 else { return nil }
  }
  return bytes[place] == 0xFF && bytes[place + 1] == JPEGMarkers.start && bytes[place + 2] == 0xFF ? place : -1
}
