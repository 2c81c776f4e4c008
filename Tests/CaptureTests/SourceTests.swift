import CHost
import Foundation
import Imaging
import Testing

// Tests the source of an argument, the order of files and folders, and complete writes.
@testable import Capture

private func message(opening argument: String, _ options: SourceOptions = SourceOptions()) -> String? {
  do { _ = try Source.open(argument, options: options) } catch { return error.message }
  return nil
}

@Test func anArgumentThatNamesNoSourceSaysWhy() throws {
  let folder = try TemporaryFolder()
  #expect(message(opening: folder.path + "/missing.jpg")?.contains("No such file or directory") == true)
  #expect(message(opening: "/dev/null")?.contains("neither a picture") == true)
  for wrong in ["pattern:", "pattern:0x5", "pattern:640", "pattern:99999x99999"] {
    #expect(message(opening: wrong) == CaptureError.pattern(name: wrong).message)
  }
  #expect(
    message(opening: "/dev/video1000")
      == "/dev/video1000: opening failed (No such file or directory): check the name; --list-devices lists the cameras")
}

@Test func eachBadFileIsOneErrorOfItsOwn() throws {
  let folder = try TemporaryFolder()
  #expect(outcomes(try Source.open(folder.write("empty.jpg", []))) == ["\(folder.path)/empty.jpg: \(PictureError.empty.message)"])
  #expect(
    outcomes(try Source.open(folder.write("text", Array("hello".utf8)))) == ["\(folder.path)/text: \(PictureError.notAPicture.message)"])
  let whole = try fixture("pictures/group.jpg")
  let cut = outcomes(try Source.open(folder.write("cut.jpg", Array(whole[..<20000]))))
  #expect(cut.count == 1 && cut[0].contains("cut.jpg: is cut off (Premature end of JPEG file)"))
  let unreadable = try folder.write("secret.jpg", whole)
  chmod(unreadable, 0)
  if geteuid() != 0 {
    #expect(outcomes(try Source.open(unreadable)).first?.contains("Permission denied") == true)
  }
}

@Test func aPictureIsToldByItsContent() throws {
  let folder = try TemporaryFolder()
  #expect(outcomes(try Source.open(folder.write("jpeg.txt", fixture("kinds/420.jpg")))) == ["0: 51x61"])
  #expect(outcomes(try Source.open(folder.write("pnm.jpg", pnm("P5 2 1 255\n", [1, 2])))) == ["0: 2x1"])
}

@Test func aFolderIsReadByName() throws {
  let folder = try TemporaryFolder()
  let small = try fixture("kinds/3x5.jpg")
  for name in ["b.jpg", "a10.JPG", "a2.jpeg", "c", ".hidden.jpg", "below/d.jpg", "below/deeper/e.jpg"] { try folder.write(name, small) }
  try folder.write("README.md", Array("# no picture".utf8))
  try folder.write("bad.jpg", Array("no picture".utf8))
  func names(_ options: SourceOptions) throws -> [String] {
    let source = try Source.open(folder.path + "/", options: options)
    var names: [String] = []
    while names.count < 100 {
      do {
        guard let frame = try source.next() else { break }
        #expect(frame.name == folder.path + "/" + frame.relativeName)
        names.append("\(frame.index) \(frame.relativeName)")
      } catch { names.append(error.message.hasSuffix(PictureError.notAPicture.message) ? "bad" : error.message) }
    }
    return names
  }
  #expect(try names(SourceOptions()) == ["0 a10.JPG", "1 a2.jpeg", "2 b.jpg", "bad", "4 c"])
  #expect(
    try names(SourceOptions(isRecursive: true))
      == ["0 a10.JPG", "1 a2.jpeg", "2 b.jpg", "bad", "4 below/d.jpg", "5 below/deeper/e.jpg", "6 c"])
}

@Test func aFolderWithoutPicturesAndBrokenLinksAreErrors() throws {
  let folder = try TemporaryFolder()
  try folder.write("notes.txt", Array("none".utf8))
  #expect(outcomes(try Source.open(folder.path)) == [CaptureError.noPictures(name: folder.path, isRecursive: false).message])
  symlink("nowhere", folder.path + "/link.jpg")
  symlink(".", folder.path + "/loop")
  let results = outcomes(try Source.open(folder.path, options: SourceOptions(isRecursive: true)))
  #expect(results.count == 1 && results[0].contains("link.jpg: cannot be opened (No such file or directory)"), "\(results)")
}

@Test func aNameThatIsNoUTF8IsStillOpened() throws {
  let folder = try TemporaryFolder()
  let bytes = try fixture("kinds/3x5.jpg")
  let path = Array(folder.path.utf8CString.dropLast()) + [47, CChar(bitPattern: 0xE9), 46, 106, 112, 103, 0]
  #expect(rf_file_replace(path, bytes, bytes.count) == 0)
  #expect(outcomes(try Source.open(folder.path)) == ["0: 3x5"])
}

@Test func writtenPicturesComeBack() throws {
  let folder = try TemporaryFolder()
  let picture = try read(fixture("pictures/group.jpg"))
  let writer = PictureWriter()
  let path = folder.path + "/out.jpg"
  try writer.write(picture, to: path)
  let back = try read(Array(Data(contentsOf: URL(filePath: path))))
  #expect((back.width, back.height) == (640, 480))
  let squares = zip(pixels(back), pixels(picture)).reduce(0.0) { $0 + Double(Int($1.0) - Int($1.1)) * Double(Int($1.0) - Int($1.1)) }
  #expect(squares / Double(640 * 480 * 3) < 20, "quality 90 is close to the original")
  try writer.write(picture, to: path)
  #expect(folder.names == ["out.jpg"], "nothing is left beside it")
}

@Test func whatCannotBeWrittenLeavesNothing() throws {
  let folder = try TemporaryFolder()
  let picture = Picture(width: 8, height: 8), writer = PictureWriter()
  #expect(throws: CaptureError.cannotWrite(name: folder.path + "/missing/x.jpg", reason: "No such file or directory")) {
    try writer.write(picture, to: folder.path + "/missing/x.jpg")
  }
  #expect(throws: CaptureError.cannotWrite(name: folder.path, reason: "Is a directory")) { try writer.write(picture, to: folder.path) }
  let wide = Picture(width: 65501, height: 1)
  #expect(throws: CaptureError.self) { try writer.write(wide, to: folder.path + "/wide.jpg") }
  #expect(folder.names.isEmpty)
  // A disk that is full: the device that always is.
  let bytes: [UInt8] = [1]
  let full = rf_file_open("/dev/full")
  if full >= 0 {
    close(full)
    let file = fopen("/dev/full", "w")
    #expect(rf_file_write_all(fileno(file), bytes, 1) == -ENOSPC)
    fclose(file)
  }
}

@Test func foldersAreMadeWithThoseAbove() throws {
  let folder = try TemporaryFolder()
  #expect(rf_folder_make(folder.path + "/a/b/c/") == 0)
  #expect(rf_folder_make(folder.path + "/a/b") == 0)
  try folder.write("file", [1])
  #expect(rf_folder_make(folder.path + "/file") == -ENOTDIR)
  #expect(rf_folder_make(folder.path + "/file/x") == -ENOTDIR)
}
