// --results: a file, a serial port and datagrams get what standard output would; what goes wrong there is said and costs
// results, never the run.
import Foundation
import Glibc
import Testing

/// A pair of ends: the program writes to `name`, the test reads at the far end. The near end is held open, so that nothing is
/// lost when the program goes.
private final class SerialPort {
  let name: String
  let near: Int32
  private let far: Int32

  init() throws {
    far = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
    var unlock: Int32 = 0, number: Int32 = 0
    // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2), which Swift does not see.
    try #require(ioctl(far, 0x4004_5431, &unlock) == 0 && ioctl(far, 0x8004_5430, &number) == 0)
    name = "/dev/pts/\(number)"
    near = open(name, O_RDWR | O_NOCTTY)
  }

  deinit {
    close(near)
    close(far)
  }

  func received() -> String {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var text: [UInt8] = []
    while case let count = read(far, &bytes, bytes.count), count > 0 { text += bytes[..<count] }
    return String(decoding: text, as: UTF8.self)
  }
}

/// Returns the lines that the made model gives for a picture on standard output.
private func told(_ workshop: TestFolder, _ picture: String) throws -> String {
  try workshop.run("--threshold", "0.01", "--max-faces", "20", picture).text
}

private func run(_ workshop: TestFolder, _ picture: String, _ place: String, _ more: String...) throws -> Outcome {
  try workshop.run(["--threshold", "0.01", "--max-faces", "20", "--results", place] + more + [picture])
}

@Test func fileGetsLinesAfterThoseThatAreThere() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let lines = try told(workshop, picture)
  #expect(lines.split(separator: "\n").count == 20)
  let file = workshop.path("results.txt")
  for sync in ["0", "10"] {
    let outcome = try run(workshop, picture, file, "--sync", sync)
    #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome.errors)")
  }
  #expect(try String(contentsOfFile: file, encoding: .utf8) == lines + lines)
}

/// Lines as rf-cam writes them.
private let ownLines = [
  "a b.jpg 0.912 1.0 2.0 3.0 4.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0\n",
  "- 1.000 -1.0 2.0 3.0 4.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0 id=12\n",
  "{\"source\":\"a.jpg\",\"frame\":0,\"timestamp_s\":0.000000,\"width\":9,\"height\":9,\"latency_ms\":1.000,\"faces\":[]}\n",
  "0123456789abcdef a b.jpg 7\n",
]

/// Whatever a power cut leaves behind the last whole line goes, and nothing else.
@Test func tornLineOfAPowerCutIsCutOff() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let lines = try told(workshop, picture)
  let long = String(repeating: ownLines[0], count: 3000)
  var cases = ownLines.flatMap { line in
    [("", ""), (line, ""), (line, "\0\0\0\0"), (line, String(line.prefix(20))), (line, String(line.dropLast())), (line, "a\u{1}")]
  }
  // A line that nothing stands before.
  cases += ownLines.map { ("", String($0.prefix(18))) } + [(long, String(ownLines[0].prefix(40)))]
  for (kept, torn) in cases {
    let file = try workshop.write("results.txt", (kept + torn).utf8)
    let outcome = try run(workshop, picture, file)
    #expect(outcome.status == 0, "\(kept)\(torn)")
    let word = "\(file): its last line was torn, by a power cut perhaps: \(torn.utf8.count) bytes cut off\n"
    #expect(outcome.errors == (torn.isEmpty ? "" : word))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == kept + lines)
  }
}

@Test(arguments: [
  "note\n", "last line, typed without Enter", "first line\nlast line, typed without Enter", "torn", "\0\0\0\0",
  ownLines[0].replacing("\n", with: "\r\n"), ownLines[0] + "note\r", ownLines[2] + "note", ownLines[0] + "\0\0\n",
  ownLines[0].replacing("0.912", with: "high"), "x,y\n1,2\n", "{\"source\":1}\n", "\u{feff}" + "0123456789abcdef\n",
])
func filesOfSomethingElseAreRefusedAndStay(text: String) throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  // Unchanged, and as UTF-16.
  for bytes in [Data(text.utf8), text.data(using: .utf16)!] {
    let file = try workshop.write("results.txt", bytes)
    let outcome = try run(workshop, picture, file)
    #expect(outcome.status == 2 && outcome.errors.contains("contains data other than results"), "\(outcome.errors)")
    #expect(workshop.bytes("results.txt") == bytes)
  }
}

@Test func resultsNeverGoIntoAnInputOrAFolder() throws {
  let workshop = try TestFolder()
  try workshop.write("in/a.jpg", workshop.jpeg())
  try workshop.write("empty.conf", [])
  try FileManager.default.createSymbolicLink(atPath: workshop.path("link"), withDestinationPath: "in/a.jpg")
  try FileManager.default.linkItem(atPath: workshop.path("in/a.jpg"), toPath: workshop.path("hard"))
  let before = workshop.contents()
  let cases = [
    ("--results in/a.jpg in/a.jpg", "is an input"), ("--results link in/a.jpg", "is an input"),
    ("--results in/a.jpg hard", "is an input"), ("--results in/a.jpg in", "contains data other"),
    ("--results made.rfm in", "is an input"), ("--results empty.conf --config empty.conf in", "is an input"),
    ("--results in in", "is a folder"), ("in/a.jpg >> in/a.jpg", "goes to an input"), ("- < in/a.jpg >> in/a.jpg", "goes to an input"),
  ]
  for (words, message) in cases {
    let outcome = try workshop.shell("$RF \(words)")
    #expect(outcome.status == 2 && outcome.errors.contains(message) && outcome.errorLines.count == 1, "\(words): \(outcome.errors)")
  }
  #expect(workshop.contents().filter { before[$0.key] != nil } == before)
}

/// A file-size limit stands for a full disk: both stop in the middle of a line. ThreadSanitizer maps a file of its own in TMPDIR
/// and would fail where the limit cuts it.
@Test(arguments: ["--results results.txt", "> results.txt", "--results /dev/stdout > results.txt", "--format json --results results.txt"])
func resultsOnAFullDiskEndWithAWholeLine(words: String) throws {
  let workshop = try TestFolder()
  let outcome = try workshop.shell("ulimit -f 2; TMPDIR=/nonexistent $RF --frames 40 pattern:96x64 \(words)")
  #expect(outcome.status == 1 && outcome.errors.contains("File too large"), "\(outcome.errors)")
  let bytes = try #require(workshop.bytes("results.txt"))
  #expect(bytes.count > 1000 && bytes.count <= 2048 && bytes.last == UInt8(ascii: "\n"))
}

@Test func fileThatCannotBeWrittenCostsResultsOnly() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let full = workshop.path("full.txt")
  try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/full")
  let annotated = workshop.path("annotated")
  let outcome = try run(workshop, picture, full, "--output", annotated)
  #expect(outcome.status == 1)
  #expect(
    outcome.errors == "rf-cam: \(full): cannot write results: No space left on device: free some space on the disk; "
      + "detection continues, writing is retried\n")
  #expect(workshop.names(in: "annotated") == ["a.jpg"])
}

@Test func resultsComeAgainWhenTheirFolderDoes() throws {
  let workshop = try TestFolder()
  let file = workshop.path("card/results.txt")
  let options = ["--model", workshop.model, "--threshold", "0.01", "--results", file, "--sync", "0", "--size", "32"]
  let program = try RunningProgram(options + ["pattern:96x64"], in: workshop.folder)
  #expect(program.wait { program.errorsSoFar.contains("cannot write results: No such file") })
  try FileManager.default.createDirectory(atPath: workshop.path("card"), withIntermediateDirectories: false)
  #expect(program.wait { program.errorsSoFar.contains("results can be written again; results of ") })
  program.send(SIGTERM)
  let outcome = try program.finish()
  #expect(outcome.status == 1 && outcome.errorLines.count == 2, "\(outcome.errors)")
  let text = try String(contentsOfFile: file, encoding: .utf8)
  #expect(text.hasPrefix("pattern:96x64 ") && text.hasSuffix("\n"))
}

@Test func serialPortGetsWholeLines() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let port = try SerialPort()
  let outcome = try run(workshop, picture, "\(port.name)@115200")
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  var settings = termios()
  #expect(tcgetattr(port.near, &settings) == 0 && cfgetospeed(&settings) == speed_t(B115200))
  #expect(settings.c_oflag & tcflag_t(OPOST) == 0)
  #expect(try port.received() == told(workshop, picture))
  let none = try run(workshop, picture, "/dev/null@115200")
  #expect(none.status == 2 && none.errors.contains("/dev/null: is not a serial port, so it has no rate"), "\(none.errors)")
}

@Test func slowSerialPortLosesWholeFrames() throws {
  let workshop = try TestFolder()
  let port = try SerialPort()
  // Without a reader some kilobytes fit; the rest is lost.
  let outcome = try workshop.run(
    "--threshold", "0.01", "--max-faces", "20", "--frames", "40", "--results",
    "\(port.name)@115200", "pattern:96x64")
  #expect(outcome.status == 1 && outcome.errors.contains("it is too slow for the results"), "\(outcome.errors)")
  // Only the frame during which the program ended may be cut. A stream's faces have an id at the end of the line.
  let lines = port.received().split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  #expect(lines.count > 20 && lines.allSatisfy { $0.split(separator: " ").count == 17 })
}

@Test(arguments: [(AF_INET, "udp:127.0.0.1:"), (AF_INET6, "udp:[::1]:")])
func datagramsHoldWholeLines(family: Int32, prefix: String) throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let receiver = socket(family, Int32(SOCK_DGRAM.rawValue), 0)
  defer { close(receiver) }
  guard let port = listen(receiver, family) else { return }  // a machine without that kind of address
  let outcome = try run(workshop, picture, "\(prefix)\(port)")
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  var bytes = [UInt8](repeating: 0, count: 1 << 16)
  var text = ""
  while case let count = recv(receiver, &bytes, bytes.count, Int32(MSG_DONTWAIT)), count > 0 {
    #expect(count <= 1400 && bytes[count - 1] == UInt8(ascii: "\n"))
    text += String(decoding: bytes[..<count], as: UTF8.self)
  }
  #expect(try text == told(workshop, picture))
}

/// Binds to the loop-back address; the port that it got.
private func listen(_ receiver: Int32, _ family: Int32) -> Int? {
  var address = sockaddr_in6()
  var length = socklen_t(family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
  address.sin6_family = sa_family_t(family)
  if family == AF_INET6 { address.sin6_addr = in6addr_loopback }
  return withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { any in
      guard bind(receiver, any, length) == 0, getsockname(receiver, any, &length) == 0 else { return nil }
      return Int(UInt16(bigEndian: pointer.pointee.sin6_port))
    }
  }
}

@Test func datagramsThatNobodyTakesAreSaidOnce() throws {
  let workshop = try TestFolder()
  let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  let port = try #require(listen(receiver, AF_INET))
  close(receiver)
  let outcome = try workshop.run(
    "--threshold", "0.01", "--frames", "5", "--results", "udp:127.0.0.1:\(port)",
    "pattern:96x64")
  #expect(outcome.status == 1)
  #expect(outcome.errorLines.contains { $0.contains("Connection refused: no program listens at this address; detection continues") })
}
