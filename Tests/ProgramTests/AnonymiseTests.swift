// --anonymise and --output -: covered faces in pictures and films, with the embedded model.
import Foundation
import Imaging
import Testing

@testable import Capture

private let pictures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")
private let group = pictures.appending(path: "pictures/group.jpg").path(percentEncoded: false)

private func decode(_ data: Data) throws -> Picture {
  let reader = PictureReader(), bytes = [UInt8](data)
  let picture = try bytes.withUnsafeBytes { try reader.read($0) }
  let copy = Picture(width: picture.width, height: picture.height)
  copy.pixels.update(from: picture.pixels, count: picture.height * picture.strideBytes)
  return copy
}

/// The share of black pixels in the middle half of a box.
private func blackShare(_ picture: Picture, _ box: [Double]) -> Double {
  let (width, height) = (box[2] - box[0], box[3] - box[1])
  var (black, all) = (0, 0)
  for y in Int(box[1] + height / 4)..<Int(box[3] - height / 4) where y >= 0 && y < picture.height {
    for x in Int(box[0] + width / 4)..<Int(box[2] - width / 4) where x >= 0 && x < picture.width {
      let pixel = picture.pixels + y * picture.strideBytes + 3 * x
      all += 1
      black += pixel[0] < 12 && pixel[1] < 12 && pixel[2] < 12 ? 1 : 0
    }
  }
  return all > 0 ? Double(black) / Double(all) : 1
}

private func boxes(_ workshop: TestFolder) throws -> [[Double]] {
  let outcome = try RunningProgram(["--format", "json", group], in: workshop.folder).finish()
  let object = try #require(try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
  return try #require(object["faces"] as? [[String: Any]]).compactMap { $0["box"] as? [Double] }
}

@Test func facesOfPicturesAreCoveredAndMetadataIsGone() throws {
  let workshop = try TestFolder()
  // A thumbnail, which would show the face, and a comment.
  let jpeg = try Data(contentsOf: URL(filePath: group))
  let thumbnail = try Data(contentsOf: pictures.appending(path: "kinds/420.jpg"))
  let exif = Data("Exif\0\0II*\0\u{8}\0\0\0\0\0".utf8) + thumbnail
  let segment = Data([0xFF, 0xE1, UInt8((exif.count + 2) >> 8), UInt8((exif.count + 2) & 255)]) + exif
  try (jpeg.prefix(2) + segment + jpeg.dropFirst(2)).write(to: workshop.folder.appending(path: "a.jpg"))
  let outcome = try RunningProgram(["--anonymise", "solid", "--output", "safe", "--format", "none", "a.jpg"], in: workshop.folder).finish()
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  let safe = try Data(contentsOf: workshop.folder.appending(path: "safe/a.jpg"))
  #expect(safe.range(of: Data("Exif".utf8)) == nil && safe.range(of: thumbnail.suffix(300).prefix(200)) == nil)
  let picture = try decode(safe)
  let found = try boxes(workshop)
  #expect(found.count == 6)
  for box in found { #expect(blackShare(picture, box) == 1) }
  // The ground between the faces stays.
  let original = try decode(jpeg)
  #expect(abs(Int(picture.pixels[0]) - Int(original.pixels[0])) < 10)
}

/// The frames of a Y4M film as R G B.
private func frames(_ film: Data) throws -> [Picture] {
  let input = try TemporaryFile(film)
  let source = try Source.open(input.path)
  var found: [Picture] = []
  while let captured = try source.next() {
    let picture = Picture(width: 1, height: 1)
    #expect(picture.copy(captured.frame))
    found.append(picture)
  }
  return found
}

private final class TemporaryFile {
  private let folder: URL
  let path: String

  init(_ data: Data) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "rf-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: "film.y4m")
    try data.write(to: file)
    path = file.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }
}

/// Six people; between them ten frames in which gray hides all faces from the network, and a damaged frame.
private func writeFilm(_ folder: URL, visible: Int, hidden: Int) throws {
  let group = try Data(contentsOf: pictures.appending(path: "pictures/group.jpg"))
  let gray = Picture(width: 640, height: 480)
  gray.fillRectangle(left: 0, top: 0, right: 640, bottom: 480, Color(red: 128, green: 128, blue: 128))
  let writer = PictureWriter()
  let hiddenFrame = Data(try writer.encode(gray))
  let all = Array(repeating: group, count: visible) + Array(repeating: hiddenFrame, count: hidden) + Array(repeating: group, count: visible)
  try Data(all.joined()).write(to: folder.appending(path: "film.mjpeg"))
}

@Test(arguments: [0, 12])
func lostFacesStayCovered(lookAhead: Int) throws {
  let workshop = try TestFolder()
  try writeFilm(workshop.folder, visible: 4, hidden: 10)
  let outcome = try RunningProgram(
    [
      "--rate", "25", "--anonymise", "solid", "--output", "-", "--results", "r.jsonl", "--format", "json",
      "--look-ahead", "\(lookAhead)", "film.mjpeg",
    ], in: workshop.folder
  ).finish()
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  #expect(outcome.output.starts(with: Data("YUV4MPEG2 W640 H480 F25:1 ".utf8)))
  let film = try frames(outcome.output)
  let found = try boxes(workshop)
  #expect(film.count == 18)
  for (number, picture) in film.enumerated() {
    for box in found { #expect(blackShare(picture, box) > 0.99, "frame \(number)") }
  }
  let lines = try String(contentsOf: workshop.folder.appending(path: "r.jsonl"), encoding: .utf8).split(separator: "\n")
  #expect(lines.count == 18 && lines[8].contains("\"held\":[[") && !lines[2].contains("held"))
}

/// Without --hold only --look-ahead covers the frames between two sightings.
@Test func lookingAheadCoversWhatHoldingDoesNot() throws {
  let workshop = try TestFolder()
  try writeFilm(workshop.folder, visible: 4, hidden: 10)
  func covered(_ lookAhead: Int) throws -> [Bool] {
    let outcome = try RunningProgram(
      [
        "--rate", "25", "--anonymise", "solid", "--output", "-", "--format", "none", "--hold", "0", "--look-ahead", "\(lookAhead)",
        "film.mjpeg",
      ],
      in: workshop.folder
    ).finish()
    let box = try boxes(workshop)[0]
    return try frames(outcome.output).map { blackShare($0, box) > 0.99 }
  }
  let none = try covered(0), all = try covered(10)
  #expect(none == Array(repeating: true, count: 4) + Array(repeating: false, count: 10) + Array(repeating: true, count: 4))
  #expect(all == Array(repeating: true, count: 18))
  let some = try covered(4)
  #expect(some.count { $0 } == 12)
}

@Test func damagedFramesOfAFilmAreBlack() throws {
  let workshop = try TestFolder()
  let frame = try Data(contentsOf: URL(filePath: group))
  let film = frame + frame.prefix(9000) + frame.prefix(9000) + frame
  try film.write(to: workshop.folder.appending(path: "film.mjpeg"))
  let outcome = try RunningProgram(
    ["--rate", "25", "--anonymise", "blur", "--output", "-", "--format", "none", "film.mjpeg"], in: workshop.folder
  ).finish()
  #expect(outcome.status == 1 && outcome.errors.contains("frame 1 is cut off"))
  let found = try frames(outcome.output)
  let whole = [0.0, 0, 640, 480]
  #expect(found.map { blackShare($0, whole) == 1 } == [false, true, true, false])
}

@Test func aFilmOfAnnotatedFramesNeedsNoAnonymise() throws {
  let workshop = try TestFolder()
  let outcome = try workshop.run("--output", "-", "--format", "none", "--frames", "3", "pattern:64x48")
  let film = try frames(outcome.output)
  #expect(outcome.status == 0 && film.count == 3)
  #expect(outcome.output.starts(with: Data("YUV4MPEG2 W64 H48 F30:1 ".utf8)))
}

@Test(
  arguments: [
    (["--anonymise", "pixelate", "a.jpg"], "--anonymise: 'pixelate' is not valid; expected blur, mosaic or solid"),
    (["--anonymise", "blur", "a.jpg"], "--anonymise: name the covered pictures with --output DIR, or the film with --output -"),
    (["--anonymise", "blur", "--output", "x", "--crops", "y", "a.jpg"], "--anonymise: --crops and --best-shots would write the faces"),
    (
      ["--anonymise", "blur", "--output", "-", "a.jpg"], "--output -: the film goes to standard output: send the results to --results FILE"
    ),
    (["--output", "-", "-"], "--output -: the film goes to standard output"),
    (["--hold", "2", "a.jpg"], "--mask-scale, --hold, --look-ahead and --keep: need --anonymise"),
    (["--anonymise", "blur", "--output", "x", "--look-ahead", "3", "-"], "--look-ahead: delays the film of --output - only"),
    (["--mask-scale", "0.4", "a.jpg"], "--mask-scale: '0.4' is not valid; expected 0.5..3"),
    (["--keep", "1,2,3", "a.jpg"], "--keep: '1,2,3' is not valid; expected X,Y,WIDTH,HEIGHT"),
    (["--keep", "1,2,0,4", "a.jpg"], "--keep: '1,2,0,4' is not valid"),
    (["--format", "wider", "--output", "-", "a.jpg"], "--format wider: name the folder"),
  ] as [([String], String)])
func wrongAnonymisationIsRejected(words: [String], message: String) throws {
  let workshop = try TestFolder()
  let outcome = try RunningProgram(words, in: workshop.folder).finish()
  #expect(outcome.status == 2 && outcome.errors.hasPrefix("rf-cam: \(message)"), "\(outcome.errors)")
}

/// A run that covers faces finds more of them: a missed face does more harm than a covered object.
@Test func theThresholdIsLower() throws {
  let workshop = try TestFolder()
  func count(_ words: String...) throws -> Int {
    let outcome = try RunningProgram(
      words + ["--format", "text", pictures.appending(path: "pictures/crowd.jpg").path(percentEncoded: false)], in: workshop.folder
    ).finish()
    return outcome.lines.count
  }
  let usual = try count("--threshold", "0.5"), low = try count("--threshold", "0.2")
  let default5 = try count(), anonymous = try count("--anonymise", "mosaic", "--output", "safe")
  #expect(default5 == usual && anonymous == low && low >= usual)
}
