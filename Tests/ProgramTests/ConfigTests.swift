// --config: what a line may be, that every wrong one is named with its number, and that the command line wins.
import Foundation
import Testing

@Test func everySettingOfAFileIsTaken() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  // Written by an editor of another system: a byte-order mark, carriage returns, tabs, no end of the last line.
  let lines = [
    "\u{feff}# a device", "source = \(picture)", "", "\tthreshold=0.01", "max-faces = 2 # two", "stats = no",
    "quiet = yes", "format = json",
  ]
  let config = try workshop.write("device.conf", lines.joined(separator: "\r\n").utf8)
  let outcome = try workshop.run("--config", config)
  #expect(outcome.status == 0, "\(outcome.errors)")
  #expect(outcome.errors.isEmpty)
  #expect(outcome.text.hasPrefix("{\"source\":") && outcome.text.components(separatedBy: "\"score\"").count == 3)
}

@Test func commandLineWinsOverTheFile() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: 96, height: 64))
  let other = try workshop.write("b.ppm", workshop.ppm(width: 64, height: 64))
  let config = try workshop.write("device.conf", "source = \(picture)\nformat = json\nthreshold = 0.01\n".utf8)
  let outcome = try workshop.run("--format", "hash", "--config", config, other)
  #expect(outcome.status == 0, "\(outcome.errors)")
  #expect(outcome.lines.count == 1 && outcome.text.hasSuffix(" \(other) 0\n"), "\(outcome.text)")
}

@Test(
  arguments: [
    ("treshold = 0.5", "'treshold': no such name; the names are source, address, gateway, model, size, threshold"),
    ("threshold = 1.5", "threshold: '1.5' is not valid; expected 0..1"),
    ("threshold", "'threshold' is not a setting: write name = value"),
    ("threshold =", "threshold: '' is not valid; expected 0..1"),
    ("= 0.5", "'': no such name"),
    ("source =", "source: a value is missing"),
    ("stats = maybe", "stats: 'maybe' is not valid; expected yes or no"),
    ("config = other.conf", "'config': no such name"),
    ("help = yes", "'help': no such name"),
    ("results = udp:localhost:5000", "results: 'udp:localhost:5000' is not valid; expected -, FILE, /dev/TTY[@BAUD] or udp:"),
    ("results = udp:127.0.0.1:0", "results: 'udp:127.0.0.1:0' is not valid; expected"),
    ("results = udp:127.0.0.1", "results: 'udp:127.0.0.1' is not valid; expected"),
    ("results = /dev/ttyS2@fast", "results: '/dev/ttyS2@fast' is not valid; expected"),
    ("sync = -1", "sync: '-1' is not valid; expected"),
    ("size = \u{0}", "a zero byte: this is not a text file"),
    ("\u{1b}[2J", "'?[2J' is not a setting"),
  ] as [(String, String)])
func wrongLineIsNamedWithItsNumber(line: String, message: String) throws {
  let workshop = try TestFolder()
  let config = try workshop.write("device.conf", "# one\nquiet = yes\n\(line)\nnms = 7\n".utf8)
  let outcome = try workshop.run("--config", config, "a.ppm")
  #expect(outcome.status == 2)
  #expect(outcome.errorLines.count == 2 && outcome.output.isEmpty)
  #expect(outcome.errorLines[0].hasPrefix("rf-cam: \(config):3: \(message)"), "\(outcome.errors)")
  // The wrong lines after it are reported, too.
  #expect(outcome.errorLines[1] == "rf-cam: \(config):4: nms: '7' is not valid; expected 0..1")
}

@Test func configThatCannotBeReadIsToldOnce() throws {
  let workshop = try TestFolder()
  let missing = try workshop.run("--config", workshop.path("none.conf"), "a.ppm")
  #expect(missing.status == 2 && missing.errors.contains("none.conf: cannot open: No such file"), "\(missing.errors)")
  let huge = try workshop.write("huge.conf", [UInt8](repeating: UInt8(ascii: "\n"), count: 1 << 20))
  let outcome = try workshop.run("--config", huge, "a.ppm")
  #expect(outcome.status == 2 && outcome.errors.contains("more than 65536 bytes"), "\(outcome.errors)")
  let folder = try workshop.run("--config", workshop.folder.path, "a.ppm")
  #expect(folder.status == 2 && folder.errors.contains("not a regular file"), "\(folder.errors)")
}
