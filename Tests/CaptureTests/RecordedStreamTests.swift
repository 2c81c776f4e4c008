import Foundation
import Testing

// Tests which files are films: several JPEGs in one file are a film's frames or a picture with its companions.
@testable import Capture

private let padding = [UInt8](repeating: 0, count: 3000)

/// Returns the frames and errors of a file.
private func outcomes(_ name: String, _ bytes: [UInt8], _ options: SourceOptions = SourceOptions()) throws -> [String] {
  let folder = try TemporaryFolder()
  return outcomes(try Source.open(folder.write(name, bytes), options: options))
    .map { $0.replacingOccurrences(of: folder.path + "/", with: "") }
}

@Test func aFilmByNameGivesAllItsFrames() throws {
  let frame = try fixture("kinds/420.jpg"), other = try fixture("kinds/progressive.jpg"), all = ["0: 51x61", "1: 51x61", "2: 51x61"]
  let header = Array("\r\n--boundary\r\nContent-Type: image/jpeg\r\n\r\n".utf8)
  #expect(try outcomes("film.bin", frame + other + frame) == all)
  #expect(try outcomes("film.jpg", frame + padding + frame + padding + frame + padding) == all, "padded to pages")
  #expect(try outcomes("film", frame + header + frame + header + frame) == all, "multipart")
  #expect(try outcomes("film.jpg", frame.dropLast(2) + frame.dropLast(2) + frame.dropLast(2)) == all, "without end marks")
  // Larger than what is read at once.
  let large = try fixture("pictures/crowd.jpg")
  #expect(try outcomes("film", large + large) == ["0: 1000x680", "1: 1000x680"])
  #expect(try outcomes("film.MJPEG", header + frame + frame) == ["0: 51x61", "1: 51x61"], "by its name")
  #expect(try outcomes("film.mjpg", frame + fixture("kinds/3x5.jpg")) == ["0: 51x61", "1: 3x5"], "by its name")
  #expect(try outcomes("film.mjpeg", []) == [CaptureError.noFrames(name: "film.mjpeg", byteCount: 0).message])
}

/// Cameras and phones append previews, depth and gain maps, the other eye's picture and films.
@Test func aPictureWithCompanionsIsOnePicture() throws {
  let sample = try SampleJPEG("kinds/420.jpg"), frame = sample.bytes, preview = try fixture("kinds/3x5.jpg")
  let multiPicture = sample.inserting(segment(0xE2, Array("MPF\0II*\0".utf8) + [8, 0, 0, 0, 0, 0]))
  let container = sample.inserting(segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0<Container:Directory/>".utf8)))
  for bytes in [
    frame + preview, frame + padding + preview, multiPicture + frame, container + frame, frame + Array("\0\0\0\u{18}ftypmp42".utf8) + frame,
    frame + Array("SEFT trailer".utf8) + frame, sample.inserting(segment(0xE1, Array("Exif\0\0".utf8) + frame)), frame + [0xFF, 0xD8],
  ] {
    #expect(try outcomes("a.jpg", bytes) == ["0: 51x61"])
  }
}

@Test func aFilmInAFolderIsReported() throws {
  let folder = try TemporaryFolder(), frame = try fixture("kinds/420.jpg")
  try folder.write("a.jpg", frame)
  try folder.write("film.mjpeg", frame + frame)
  let source = try Source.open(folder.path)
  let found = outcomes(source)
  #expect(found.count == 2 && found[0] == "0: 51x61")
  #expect(found.last?.contains("film.mjpeg: not read, the format is recorded MJPEG film: try rf-cam IN (") == true, "\(found)")
  #expect(source.skips.unsupported == 1 && source.skips.total == 1)
}

@Test func rawFramesAreReadFromFiles() throws {
  let options = SourceOptions(raw: RawFormat("gray:3x2"))
  #expect(try outcomes("frames.gray", [UInt8](repeating: 9, count: 12), options) == ["0: 3x2", "1: 3x2"])
  #expect(
    try outcomes("frames.gray", [UInt8](repeating: 9, count: 8), options)
      == ["0: 3x2", CaptureError.frame(name: "frames.gray", index: 1, .cutOff(reason: "2 of 6 bytes")).message])
  #expect(
    try outcomes("frames.gray", [9], options) == [
      CaptureError.frame(name: "frames.gray", index: 0, .cutOff(reason: "1 of 6 bytes")).message
    ])
  #expect(try outcomes("frames.gray", [], options) == [CaptureError.noRawFrames(name: "frames.gray", frameBytes: 6).message])
  let raw = try #require(options.raw)
  #expect(
    outcomes(.stream(StreamSource(stream([]), SourceOptions(raw: raw)))) == [CaptureError.noRawFrames(name: "-", frameBytes: 6).message])
}

/// Nothing is skipped silently: each format is named once, with the number of its files and what converts them.
@Test func formatsThatAreNotDecodedAreNamedOnce() throws {
  let folder = try TemporaryFolder()
  try folder.write("1.jpg", fixture("kinds/420.jpg"))
  for name in ["2.psd", "3.PSD", "4.jpg"] { try folder.write(name, Array("8BPS\0\u{1}".utf8)) }
  let others: [(String, [UInt8], String)] = [
    ("a.heic", Array("\0\0\0\u{18}ftypheic".utf8), "HEIC: try heif-convert IN out.jpg ("),
    ("b.avif", Array("\0\0\0\u{18}ftypavif".utf8), "AVIF"),
    ("d.gif", Array("GIF89a".utf8), "GIF"), ("e.bmp", Array("BM123456".utf8), "BMP"), ("f.tif", Array("II*\0".utf8), "TIFF"),
    ("g.mp4", Array("\0\0\0\u{18}ftypisom".utf8), "MP4 or MOV: try ffmpeg -i IN -pix_fmt yuv420p -f yuv4mpegpipe - | rf-cam - ("),
    ("h.avi", Array("RIFF\0\0\0\0AVI LIST".utf8), "AVI:"), ("i.mkv", [0x1A, 0x45, 0xDF, 0xA3], "Matroska or WebM"),
    ("j.jxl", [0xFF, 0x0A, 0], "JPEG XL"),
    ("k.pam", Array("P7\nWIDTH 1\n".utf8), "PAM"),
  ]
  for (name, bytes, _) in others { try folder.write(name, bytes) }
  for (name, text) in [("README.md", "# no picture"), ("data.json", "{}"), ("empty", "")] { try folder.write(name, Array(text.utf8)) }
  let source = try Source.open(folder.path)
  let found = outcomes(source)
  #expect(found.count == 2 + others.count && found[0] == "0: 51x61", "\(found)")
  #expect(
    found[1].contains("2.psd and 2 more of its format: not read, the format is Photoshop: try ffmpeg -i IN out.jpg (IN: the file)"),
    "\(found)")
  for (name, bytes, message) in others {
    #expect(found.filter { $0.contains("/\(name): not read, the format is \(message)") }.count == 1, "\(name): \(found)")
    // The same file by itself.
    let alone = outcomes(try Source.open(folder.write("alone", bytes)))
    #expect(alone.count == 1 && alone[0].contains("/alone: not read, the format is \(message)"), "\(alone)")
  }
  #expect(source.skips.unsupported == 3 + others.count && source.skips.total == source.skips.unsupported)
}
