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

/// What the made model "finds" in a picture, on standard output.
private func told(_ workshop: Workshop, _ picture: String) throws -> String {
  try workshop.run("--threshold", "0.01", "--max-faces", "20", picture).text
}

private func run(_ workshop: Workshop, _ picture: String, _ place: String, _ more: String...) throws -> Outcome {
  try workshop.run(["--threshold", "0.01", "--max-faces", "20", "--results", place] + more + [picture])
}

@Test func fileGetsLinesAfterThoseThatAreThere() throws {
  let workshop = try Workshop()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let lines = try told(workshop, picture)
  #expect(lines.split(separator: "\n").count == 20)
  let file = try workshop.write("results.txt", "before\n".utf8)
  for sync in ["0", "10"] {
    let outcome = try run(workshop, picture, file, "--sync", sync)
    #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome.errors)")
  }
  #expect(try String(contentsOfFile: file, encoding: .utf8) == "before\n" + lines + lines)
}

@Test(arguments: [
  ("whole\ntorn", "whole\n", 4),
  ("torn", "", 4),
  ("whole\n", "whole\n", 0),
  ("", "", 0),
  // A file system that told of bytes before it wrote them leaves what was there before.
  ("whole\n\0\0\0\0\n", "whole\n", 5),
  ("whole\nhalf\u{1}rest\nmore\n", "whole\n", 15),
  (String(repeating: "x", count: 300_000) + "\nlast\ntorn", String(repeating: "x", count: 300_000) + "\nlast\n", 4),
] as [(String, String, Int)])
func tornLineOfAPowerCutIsCutOff(left: String, kept: String, cut: Int) throws {
  let workshop = try Workshop()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let file = try workshop.write("results.txt", left.utf8)
  let outcome = try run(workshop, picture, file)
  #expect(outcome.status == 0)
  let word = "\(file): its last line was torn, by a power cut perhaps: \(cut) bytes cut off\n"
  #expect(outcome.errors == (cut > 0 ? word : ""))
  #expect(try String(contentsOfFile: file, encoding: .utf8) == kept + told(workshop, picture))
}

@Test func fileThatCannotBeWrittenCostsResultsOnly() throws {
  let workshop = try Workshop()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let full = workshop.path("full.txt")
  try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/full")
  let annotated = workshop.path("annotated")
  let outcome = try run(workshop, picture, full, "--output", annotated)
  #expect(outcome.status == 1)
  #expect(outcome.errors == "rf-cam: \(full): results cannot be written: No space left on device: make room on the card; "
    + "detection goes on, trying again\n")
  #expect(workshop.names(in: "annotated") == ["a.jpg"])
}

@Test func resultsComeAgainWhenTheirFolderDoes() throws {
  let workshop = try Workshop()
  let file = workshop.path("card/results.txt")
  let options = ["--model", workshop.model, "--threshold", "0.01", "--results", file, "--sync", "0", "--size", "32"]
  let program = try RunningProgram(options + ["pattern:96x64"], in: workshop.folder)
  #expect(program.wait { program.errorsSoFar.contains("results cannot be written: No such file") })
  try FileManager.default.createDirectory(atPath: workshop.path("card"), withIntermediateDirectories: false)
  #expect(program.wait { program.errorsSoFar.contains("results are written again; those of ") })
  program.send(SIGTERM)
  let outcome = try program.finish()
  #expect(outcome.status == 1 && outcome.errorLines.count == 2, "\(outcome.errors)")
  let text = try String(contentsOfFile: file, encoding: .utf8)
  #expect(text.hasPrefix("pattern:96x64 ") && text.hasSuffix("\n"))
}

@Test func serialPortGetsWholeLines() throws {
  let workshop = try Workshop()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let port = try SerialPort()
  let outcome = try run(workshop, picture, "\(port.name)@115200")
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  var settings = termios()
  #expect(tcgetattr(port.near, &settings) == 0 && cfgetospeed(&settings) == speed_t(B115200))
  #expect(settings.c_oflag & tcflag_t(OPOST) == 0)
  #expect(try port.received() == told(workshop, picture))
  let none = try run(workshop, picture, "/dev/null")
  #expect(none.status == 1 && none.errors.contains("/dev/null: results cannot be written: "))
  #expect(none.errors.contains("that is no terminal device"), "\(none.errors)")
}

@Test func slowSerialPortLosesWholeFrames() throws {
  let workshop = try Workshop()
  let port = try SerialPort()
  // Nobody reads meanwhile: some kilobytes fit, the rest is lost.
  let outcome = try workshop.run("--threshold", "0.01", "--max-faces", "20", "--frames", "40", "--results",
                                 "\(port.name)@115200", "pattern:96x64")
  #expect(outcome.status == 1 && outcome.errors.contains("it is slower than the results"), "\(outcome.errors)")
  // Only the frame during which the program ended may be cut. A stream's faces have an id at the end of the line.
  let lines = port.received().split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  #expect(lines.count > 20 && lines.allSatisfy { $0.split(separator: " ").count == 17 })
}

@Test(arguments: [(AF_INET, "udp:127.0.0.1:"), (AF_INET6, "udp:[::1]:")])
func datagramsHoldWholeLines(family: Int32, prefix: String) throws {
  let workshop = try Workshop()
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
  let workshop = try Workshop()
  let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  let port = try #require(listen(receiver, AF_INET))
  close(receiver)
  let outcome = try workshop.run("--threshold", "0.01", "--frames", "5", "--results", "udp:127.0.0.1:\(port)",
                                 "pattern:96x64")
  #expect(outcome.status == 1)
  #expect(outcome.errorLines.contains { $0.contains("Connection refused: nobody listens there; detection goes on") })
}
