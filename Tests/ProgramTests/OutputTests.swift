// Output never destroys a file that the run did not write, whatever names sources, folders and earlier files have.
import Foundation
import Host
import Testing

@testable import rf_cam

/// Runs a script and expects that every file that was there keeps its bytes, and that nothing temporary is left.
@discardableResult
private func expectNothingLost(
  _ workshop: TestFolder, _ script: String, status: Int32? = 0, except: Set<String> = [],
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Outcome {
  let before = workshop.contents().filter { !except.contains($0.key) && !$0.key.hasSuffix(".out") && !$0.key.hasSuffix(".err") }
  let outcome = try workshop.shell(script)
  if let status { #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation) }
  let after = workshop.contents()
  for (name, bytes) in before { #expect(after[name] == bytes, "\(name) has changed", sourceLocation: sourceLocation) }
  #expect(!after.keys.contains { $0.hasSuffix(".part") }, sourceLocation: sourceLocation)
  return outcome
}

@Test func sourcesOfTheRunAreNeverReplaced() throws {
  let workshop = try TestFolder()
  for (index, name) in ["IMG.JPG", "IMG.jpg", "a.jpeg", "a.jpg", "a-2.jpg", "a-face0.jpg", "b.jpg"].enumerated() {
    try workshop.write("photos/\(name)", workshop.jpeg(width: 60 + index))
  }
  try workshop.write("photos/b.ppm", workshop.ppm(width: 50, height: 40))
  try expectNothingLost(workshop, "$RF --output photos --crops photos photos", status: 1)
  // A picture that was named alone, next to one that is not read.
  try expectNothingLost(workshop, "$RF --output photos --crops photos photos/b.ppm photos/a.jpeg")
}

@Test func filesThatWereThereAreNeverReplaced() throws {
  let workshop = try TestFolder()
  try workshop.write("in/a.ppm", workshop.ppm(width: 96, height: 64))
  try workshop.write("out/a.jpg", "a note".utf8)
  try workshop.write("out/a-2.jpg", workshop.jpeg())
  try workshop.write("photo.jpg", workshop.jpeg(width: 70))
  try FileManager.default.createSymbolicLink(atPath: workshop.path("out/a-3.jpg"), withDestinationPath: "../photo.jpg")
  try FileManager.default.createSymbolicLink(atPath: workshop.path("out/a-4.jpg"), withDestinationPath: "nowhere")
  #expect(mkfifo(workshop.path("out/a-5.jpg"), 0o600) == 0)
  let outcome = try workshop.shell("$RF --output out in && test -p out/a-5.jpg && readlink out/a-3.jpg out/a-4.jpg && ls out")
  #expect(outcome.text.hasSuffix("../photo.jpg\nnowhere\na-2.jpg\na-3.jpg\na-4.jpg\na-5.jpg\na-6.jpg\na.jpg\n"), "\(outcome.text)")
  #expect(outcome.errors.contains("out/a.jpg: belongs to another program and is not replaced: writing a-6.jpg"))
  #expect(workshop.bytes("out/a.jpg") == Data("a note".utf8))
  #expect(try workshop.bytes("photo.jpg") == workshop.jpeg(width: 70))
}

@Test func secondRunReplacesItsOwnOutputForTheSamePictureOnly() throws {
  let workshop = try TestFolder()
  for name in ["one/a.jpg", "two/a.jpg", "three/a.jpg"] { try workshop.write(name, workshop.jpeg(width: name.count * 20)) }
  let words = "--output out --crops out --max-faces 2"
  try expectNothingLost(workshop, "$RF \(words) one two three")
  let first = workshop.contents(of: "out")
  #expect(
    Set(first.keys) == [
      "a.jpg", "a-2.jpg", "a-3.jpg", "a-face0.jpg", "a-face1.jpg", "a-2-face0.jpg", "a-2-face1.jpg",
      "a-3-face0.jpg", "a-3-face1.jpg",
    ])
  // In any order, and by any path, each picture's files are its own.
  for order in ["three two one", "two", "one ./three", "$PWD/two one/../one"] {
    try expectNothingLost(workshop, "$RF \(words) \(order)")
    #expect(workshop.contents(of: "out") == first)
  }
  // A changed source changes its own files; what its owner changed is no output any more.
  try workshop.write("two/a.jpg", workshop.jpeg(width: 200))
  try workshop.write("out/a.jpg", first["a.jpg"]! + Data([0]))
  try expectNothingLost(workshop, "$RF \(words) one two three", except: ["out/a-2.jpg", "out/a-2-face0.jpg", "out/a-2-face1.jpg"])
  let second = workshop.contents(of: "out")
  #expect(second["a-2.jpg"] != first["a-2.jpg"] && second["a-4.jpg"] == first["a.jpg"] && second["a-3.jpg"] == first["a-3.jpg"])
}

@Test func pictureThatIsASourceTooIsNotReplacedBeforeItIsRead() throws {
  let workshop = try TestFolder()
  try workshop.write("a.jpg", workshop.jpeg())
  #expect(try workshop.shell("$RF --output out a.jpg").status == 0)
  try expectNothingLost(workshop, "$RF --output out a.jpg out/a.jpg", status: 1)
}

@Test func outputFolderInsideTheSourceFolderIsNoSource() throws {
  let workshop = try TestFolder()
  for name in ["a.jpg", "below/a.jpg", "out/own.jpg"] { try workshop.write("photos/\(name)", workshop.jpeg(width: 40 + name.count)) }
  for run in 1...3 {
    let outcome = try workshop.shell("$RF --format json --recursive --output photos/out --crops photos/out photos")
    #expect(outcome.status == 0 && outcome.lines.count == 3, "run \(run): \(outcome.text)")
    #expect(workshop.names(in: "photos/out").filter { !$0.contains("face") } == ["a.jpg", "below/a.jpg", "out/own.jpg", "own.jpg"])
    #expect(outcome.errors.contains("written by rf-cam") == (run > 1))
  }
  // Elsewhere such pictures are sources like others.
  #expect(try workshop.shell("$RF --format json photos/out").lines.count > 2)
}

@Test func secondRunGoesOnWithTheNumbersOfStreams() throws {
  let workshop = try TestFolder()
  try workshop.write("out/pattern-64x64-20240501123000.jpg", "a date".utf8)
  try expectNothingLost(workshop, "$RF --frames 2 --max-faces 1 --output out --crops crops pattern:64x64")
  try workshop.write("crops/pattern-64x64-000006-face0.jpg", "moved".utf8)
  let outcome = try expectNothingLost(workshop, "$RF --frames 2 --max-faces 1 --output out --crops crops pattern:64x64")
  #expect(outcome.errors == "out: earlier frames stay: frame 0 is number 7 of pattern-64x64\n")
  #expect(workshop.names(in: "out").map { $0.suffix(10) } == ["000000.jpg", "000001.jpg", "000007.jpg", "000008.jpg", "123000.jpg"])
  #expect(workshop.names(in: "crops").count == 5)
}

@Test func streamsOfOneNameHaveNamesOfTheirOwn() throws {
  let workshop = try TestFolder()
  try workshop.write("a.jpg", workshop.jpeg())
  let script = """
    mkdir -p 1/x 2/x 3/x 2/y; mkfifo 1/x/cam 2/x/cam 3/x/cam-2 2/y/cam
    for fifo in 1/x/cam 2/x/cam 3/x/cam-2 2/y/cam; do cat a.jpg > $fifo & done
    $RF --max-faces 1 --output out --crops out 1/x/cam 2/x/cam 3/x/cam-2 2/y/cam - < a.jpg
    """
  try expectNothingLost(workshop, script, status: nil)
  #expect(
    workshop.names(in: "out").filter { !$0.contains("face") }
      == ["cam-000000.jpg", "cam-2-000000.jpg", "cam-2-2-000000.jpg", "cam-3-000000.jpg"].sorted() + ["stdin-000000.jpg"])
}

@Test func predictionFilesOfOthersStay() throws {
  let workshop = try TestFolder()
  try workshop.write("in/e/one.jpg", workshop.jpeg())
  try workshop.write("in/e/one.ppm", workshop.ppm(width: 50, height: 40))
  try workshop.write("out/e/one.txt", "my notes\n".utf8)
  let words = "--format wider --output out in/e/one.jpg in/e/one.ppm"
  let outcome = try expectNothingLost(workshop, "$RF \(words)")
  #expect(outcome.errors.contains("out/e/one.txt: exists and is not replaced: writing one-2.txt"))
  #expect(workshop.names(in: "out") == ["e/one-2.txt", "e/one-3.txt", "e/one.txt"])
  // Its own are replaced.
  try expectNothingLost(workshop, "$RF \(words)")
  #expect(workshop.names(in: "out") == ["e/one-2.txt", "e/one-3.txt", "e/one.txt"])
  for _ in 1...2 { try expectNothingLost(workshop, "$RF --format wider --frames 2 --output out pattern:64x64") }
  #expect(workshop.names(in: "out").filter { $0.hasPrefix("pattern") }.count == 4)
}

@Test func longestNamesWork() throws {
  let workshop = try TestFolder()
  let long = String(repeating: "n", count: 251), wide = String(repeating: "人", count: 83)
  for name in ["\(long).jpg", "\(long.dropLast()).jpeg", "\(wide).jpeg", long + "nnnn"] {
    try workshop.write("in/\(name)", workshop.jpeg())
  }
  for _ in 1...2 { try expectNothingLost(workshop, "$RF --max-faces 2 --output out --crops crops in in/\(long)nnnn") }
  let names = workshop.contents(of: "out").keys
  // The shortened names of crops are equal for three pictures: their files are numbered.
  #expect(names.contains("\(wide).jpg") && names.allSatisfy { $0.utf8.count <= 255 })
  #expect(names.count == 5 && workshop.contents(of: "crops").count == 10, "\(names)")
}

@Test func manyPicturesOfOneNameCostNoMoreEach() throws {
  let workshop = try TestFolder()
  let count = 400
  try workshop.write("a.ppm", workshop.ppm(width: 8, height: 8))
  let script = """
    for i in $(seq \(count)); do mkdir -p in/$i; cp a.ppm in/$i/a.ppm; done
    $RF --size 32 --format none --output out in/*/a.ppm && ls out | wc -l
    $RF --size 32 --format none --output out $(ls -d in/*/a.ppm | sort -r) && ls out | wc -l
    """
  #expect(try workshop.shell(script).text == "\(count)\n\(count)\n")
}

@Test func numberTableKeepsWhatItGets() {
  var table = NumberTable()
  for key in 0..<2000 { table[UInt64(key) << 32] = key }
  for key in 0..<2000 { #expect(table[UInt64(key) << 32] == key) }
  #expect(table[1 << 60] == nil)
  table[5 << 32] = 7
  #expect(table[5 << 32] == 7)
}

@Test func shortenedNamesEndWithAWholeCharacter() {
  #expect(shortened(FileName("abc".utf8), to: 2) == FileName("ab".utf8))
  #expect(shortened(FileName("aä".utf8), to: 2) == FileName("a".utf8))
  #expect(shortened(FileName("a人".utf8), to: 3) == FileName("a".utf8))
  #expect(shortened(FileName("a人".utf8), to: 4) == FileName("a人".utf8))
  #expect(shortened([0x80, 0x80, 0x80, 0x80, 0x80, 0x80], to: 5).count == 5)
}

@Test func markIsOfUnchangedFilesOnly() {
  let comment = OutputMark.comment(source: 0x0123_4567_89ab_cdef)
  var file: [UInt8] = [0xFF, 0xD8] + [UInt8](repeating: 7, count: 18) + [0xFF, 0xFE, 0, UInt8(comment.count + 2)] + comment
  file += (0..<100).map { UInt8($0) }
  file.withUnsafeMutableBytes { OutputMark.seal($0, commentOffset: 24) }
  func source(_ bytes: [UInt8]) -> UInt64? { bytes.withUnsafeBytes { OutputMark.source(of: $0, commentOffset: 24) } }
  #expect(source(file) == 0x0123_4567_89ab_cdef)
  for place in [0, 1, 20, 23, 30, 48, 70, 85, 100, file.count - 1] {
    var changed = file
    changed[place] ^= 1
    #expect(source(changed) != 0x0123_4567_89ab_cdef, "\(place)")
  }
  for count in 0..<file.count { #expect(source(Array(file[..<count])) == nil) }
}

/// Killed at any moment, a run leaves whole pictures only.
@Test(arguments: ["KILL", "TERM", "HUP", "INT"])
func nothingTemporaryIsLeftBySignals(signal: String) throws {
  let workshop = try TestFolder()
  try workshop.write("a.ppm", workshop.ppm(width: 640, height: 480))
  let script = """
    for i in 1 2 3 4 5 6; do
      $RF --size 32 --format none --output out a.ppm a.ppm a.ppm a.ppm pattern:640x480 & program=$!
      sleep 0.$i; kill -\(signal) $program; wait $program
    done
    ls -A out | grep -v '\\.jpg$' | wc -l
    """
  #expect(try workshop.shell(script).text == "0\n")
  for (name, bytes) in workshop.contents(of: "out") { #expect(bytes.suffix(2) == Data([0xff, 0xd9]), "\(name)") }
}
