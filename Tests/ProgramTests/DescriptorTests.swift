// The kind of a descriptor or path comes from the system, not from its name. Every wait ends when the program must stop.
import Foundation
import Glibc
import Testing

@Test func closedStandardDescriptorsGoToNoFile() throws {
  let workshop = try TestFolder()
  try workshop.write("a.jpg", workshop.jpeg())
  let lines = try workshop.shell("$RF a.jpg").text
  let errors = try workshop.shell("$RF --results r.txt a.jpg missing.jpg a.jpg 2>&-")
  #expect(errors.status == 1 && workshop.bytes("r.txt") == Data((lines + lines).utf8))
  let output = try workshop.shell("$RF --output out a.jpg >&-")
  #expect(output.status == 1 && output.errors.contains("standard output: cannot write: Bad file descriptor"), "\(output.errors)")
  #expect(try workshop.shell("$RF --results s.txt a.jpg >&- 2>&- <&-").status == 0)
  #expect(workshop.bytes("s.txt") == Data(lines.utf8))
  let input = try workshop.shell("$RF - <&-")
  #expect(input.status == 1 && input.errors.contains("cannot be read"), "\(input.errors)")
}

/// A pipe that another program made non-blocking, with a reader that begins late.
@Test(arguments: ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
func fullPipesAreWaitedFor(place: String) throws {
  let workshop = try TestFolder()
  let pipe = Pipe()
  let end = pipe.fileHandleForWriting.fileDescriptor
  #expect(fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) == 0)
  let words = [
    "--model", workshop.model, "--format", "json", "--size", "32", "--threshold", "0.01", "--max-faces", "4", "--frames",
    "300", "--results", place, "pattern:64x48",
  ]
  let program = try RunningProgram(words, in: workshop.folder, output: pipe)
  try pipe.fileHandleForWriting.close()
  #expect(program.wait { isFull(pipe) })
  let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
  let outcome = try program.finish()
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  #expect(data.split(separator: UInt8(ascii: "\n")).count == 300)
}

/// Returns true if a pipe has bytes but received none for a while.
private func isFull(_ pipe: Pipe) -> Bool {
  let count = waitingBytes(pipe)
  usleep(700_000)
  return count > 20_000 && waitingBytes(pipe) == count
}

/// Returns the number of bytes in a pipe.
private func waitingBytes(_ pipe: Pipe) -> Int {
  var count: Int32 = 0
  return ioctl(pipe.fileHandleForReading.fileDescriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
}

@Test func fifoGetsEveryLine() throws {
  let workshop = try TestFolder()
  let script = "mkfifo r; (sleep 0.5; wc -l < r) & $RF --format hash --size 32 --results r --frames 500 pattern:64x48; s=$?; wait; exit $s"
  let outcome = try workshop.shell(script)
  #expect(outcome.status == 0 && outcome.text == "500\n", "\(outcome.errors)")
  #expect(outcome.errors == "r: waits until somebody reads it\n")
}

@Test func fifoWhoseReaderGoesGetsWholeLinesAgain() throws {
  let workshop = try TestFolder()
  let script = """
    mkfifo r; $RF --size 32 --format json --results r pattern:64x48 & program=$!
    head -n 1 r; sleep 0.2; timeout 4 head -n 2 r; kill $program; wait $program
    """
  let outcome = try workshop.shell(script)
  #expect(outcome.lines.count == 3 && outcome.lines.allSatisfy { $0.hasPrefix("{\"source\":") && $0.hasSuffix("]}") }, "\(outcome.text)")
  #expect(outcome.errors.contains("no program reads it"))
}

@Test func placesUnderDevAreWhatTheyAre() throws {
  let workshop = try TestFolder()
  try workshop.write("a.jpg", workshop.jpeg())
  let lines = try workshop.shell("$RF a.jpg").text
  let shm = "/dev/shm/rf-test-\(UUID().uuidString)"
  let script = """
    $RF --results \(shm) --sync 0 a.jpg && cat \(shm) && rm \(shm)
    $RF --results /dev/stdout a.jpg | cat
    $RF --results /dev/stdout a.jpg
    $RF --results /dev/fd/5 a.jpg 5> five && cat five
    $RF --results /dev/stderr a.jpg
    $RF --results /dev/null a.jpg
    """
  let outcome = try workshop.shell(script)
  #expect(outcome.status == 0 && outcome.text == lines + lines + lines + lines && outcome.errors == lines, "\(outcome.errors)")
}

@Test func placesThatTakeNoResultsAreRefusedAtOnce() throws {
  let workshop = try TestFolder()
  try workshop.write("a.jpg", workshop.jpeg())
  let rates =
    "choose one of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, "
    + "1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000"
  for (place, message) in [
    ("/dev/random", "is a device that cannot store results"), ("/dev/ttyS9@12345", "12345 is not a rate of a serial port: \(rates)"),
    ("/dev/null@9600", "is not a serial port"), ("/dev/ttyS9@fast", "not valid; expected"), ("/dev/ttyS9@", "not valid; expected"),
    ("/dev", "is a folder"),
  ] {
    let outcome = try workshop.shell("$RF --results \(place) a.jpg")
    #expect(outcome.status == 2 && outcome.errors.contains(message) && outcome.errorLines.count == 1, "\(place): \(outcome.errors)")
  }
  // A port that is not plugged in yet may come; nothing is made in its place. An @ may be part of a file's name.
  let missing = try workshop.shell("$RF --results /dev/rf-no-such-port a.jpg; test ! -e /dev/rf-no-such-port")
  #expect(missing.status == 0 && missing.errors.contains("No such file or directory"))
  #expect(try workshop.shell("$RF --results r@9600 a.jpg && test -s r@9600").status == 0)
}

@Test func sourcesAreOpenedByWhatTheyAre() throws {
  let workshop = try TestFolder()
  try workshop.write("a.jpg", workshop.jpeg())
  let script = """
    cat a.jpg | $RF --format json /dev/stdin
    $RF --format json /dev/stdin < a.jpg
    $RF --format json /dev/fd/5 5< a.jpg
    $RF --format json /dev/fd/5 5< <(cat a.jpg)
    $RF --format json <(cat a.jpg)
    """
  let outcome = try workshop.shell(script)
  #expect(outcome.status == 0 && outcome.lines.count == 5, "\(outcome.errors)")
  let socket = """
    python3 -c 'import socket, subprocess, sys
    a, b = socket.socketpair()
    p = subprocess.Popen(sys.argv[2:] + ["--format", "json", "/dev/stdin"], stdin=a)
    a.close(); b.sendall(open(sys.argv[1], "rb").read()); b.close(); sys.exit(p.wait())' a.jpg $RF
    """
  let received = try workshop.shell(socket.replacing("\n    ", with: "\n"))
  #expect(received.status == 0 && received.lines.count == 1, "\(received.errors)")
}

/// Without a reader the program waits, serves the watchdog, and ends within a second of a signal.
@Test(arguments: [SIGTERM, SIGINT, SIGHUP])
func blockedWriteEndsWithASignalAndServesTheWatchdog(signal: Int32) throws {
  let workshop = try TestFolder()
  let pipe = Pipe(), manager = try Manager(workshop.path("notify"))
  let words = ["--model", workshop.model, "--format", "json", "--size", "32", "--threshold", "0.01", "--max-faces", "20", "pattern:64x48"]
  let program = try RunningProgram(
    words, in: workshop.folder, output: pipe,
    environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
  #expect(program.wait { isFull(pipe) })
  _ = manager.count("WATCHDOG=1")
  usleep(1_000_000)
  #expect(manager.count("WATCHDOG=1") >= 4)
  let start = Date()
  program.send(signal)
  let outcome = try program.finish(within: 10)
  #expect(Date().timeIntervalSince(start) < 1.5 && outcome.status == 1, "\(outcome.status)")
  #expect(outcome.errors.contains("standard output: "), "\(outcome.errors)")
}

@Test func waitForAFifosReaderEndsWithASignal() throws {
  let workshop = try TestFolder()
  #expect(mkfifo(workshop.path("r"), 0o600) == 0)
  let program = try RunningProgram(["--model", workshop.model, "--results", "r", "pattern:64x48"], in: workshop.folder)
  #expect(program.wait { program.errorsSoFar.contains("waits until somebody reads it") })
  program.send(SIGTERM)
  let start = Date()
  #expect(try program.finish(within: 10).status == 0 && Date().timeIntervalSince(start) < 1.5)
}

@Test func datagramThatIsTooLargeIsDroppedAlone() throws {
  let workshop = try TestFolder()
  try workshop.write("1.ppm", workshop.ppm(width: 64, height: 48))
  try workshop.write("2.ppm", workshop.ppm(width: 640, height: 480))
  try workshop.write("3.ppm", workshop.ppm(width: 65, height: 48))
  let script = """
    python3 -u -c 'import socket
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); s.settimeout(100); print(s.getsockname()[1])
    while (data := s.recv(70000)) != b"end": print(data[:16].decode())' > got & server=$!
    while ! [ -s got ]; do sleep 0.05; done
    $RF --format json --threshold 0 --nms 1 --max-faces 2000 --results udp:127.0.0.1:$(head -n 1 got) 1.ppm 2.ppm 3.ppm; s=$?
    printf end > /dev/udp/127.0.0.1/$(head -n 1 got)
    wait $server; tail -n +2 got; exit $s
    """
  let outcome = try workshop.shell(script.replacing("\n    ", with: "\n"))
  #expect(
    outcome.status == 1 && outcome.errorLines.count == 1
      && outcome.errors.contains("bytes is dropped, because a datagram holds at most 65507"),
    "\(outcome.errors)")
  #expect(
    outcome.text.contains("{\"source\":\"1.ppm") && outcome.text.contains("{\"source\":\"3.ppm") && outcome.lines.count == 2,
    "\(outcome.text)")
}

/// The socket of a service manager.
private final class Manager {
  let path: String
  private let file: Int32

  init(_ path: String) throws {
    self.path = path
    file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    try #require(bound == 0)
  }

  deinit { close(file) }

  /// How many such messages came since the last call.
  func count(_ message: String) -> Int {
    var bytes = [UInt8](repeating: 0, count: 256)
    var found = 0
    while case let got = recv(file, &bytes, bytes.count, Int32(MSG_DONTWAIT)), got > 0 {
      if String(decoding: bytes[..<got], as: UTF8.self) == message { found += 1 }
    }
    return found
  }
}
