// Films: Y4M headers and frames, rates, and times that do not depend on the speed of reading.
import CHost
import Foundation
import Imaging
import Testing

@testable import Capture

private func y4m(_ header: String, _ frames: [[UInt8]], line: String = "FRAME\n") -> [UInt8] {
  Array("YUV4MPEG2 \(header)\n".utf8) + frames.flatMap { Array(line.utf8) + $0 }
}

private func film(_ bytes: [UInt8], pieces: Int = 4096, _ options: SourceOptions = SourceOptions()) -> Source {
  .stream(StreamSource(stream(bytes, pieces: pieces), options))
}

private func numbers(_ count: Int, from first: Int = 0) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: first + 7 * $0) } }

/// All pixels of a source's frames as RGB.
private func colors(_ source: Source) throws -> [[UInt8]] {
  var found: [[UInt8]] = []
  while let captured = try source.next() {
    let picture = Picture(width: captured.width, height: captured.height)
    #expect(picture.copy(captured.frame))
    found.append(pixels(picture))
  }
  return found
}

@Test(arguments: [1, 7, 4096])
func y4mFramesAreThoseOfTheRawFormat(pieces: Int) throws {
  for (chroma, raw, bytes) in [
    ("C420jpeg", "i420:5x3", 27), ("C420mpeg2", "i420:5x3", 27), ("C420paldv XCOMMENT", "i420:5x3", 27), ("", "i420:5x3", 27),
    ("Cmono", "gray:5x3", 15),
  ] {
    let frames = [numbers(bytes), numbers(bytes, from: 100), numbers(bytes, from: 31)]
    let expected = try colors(film(Array(frames.joined()), SourceOptions(raw: RawFormat(raw))))
    #expect(expected.count == 3)
    #expect(try colors(film(y4m("W5 H3 F25:1 Ip A1:1 \(chroma)", frames), pieces: pieces)) == expected, "\(chroma)")
    #expect(try colors(film(y4m("W5 H3 F25:1 \(chroma)", frames, line: "FRAME Ip XA=B\n"), pieces: pieces)) == expected, "\(chroma)")
  }
}

/// Planes of 4:2:2 are the pairs of NV16, for odd widths too.
@Test func splitChromaIsJoined() throws {
  let (width, height) = (5, 4)
  let luma = numbers(width * height), blue = numbers(3 * height, from: 50), red = numbers(3 * height, from: 90)
  let pairs = zip(blue, red).flatMap { [$0, $1] }
  let expected = try colors(film(luma + pairs, SourceOptions(raw: RawFormat("nv16:5x4"))))
  #expect(try colors(film(y4m("W5 H4 C422", [luma + blue + red]))) == expected)
}

@Test func fullRangeIsNotStretched() throws {
  let frame: [UInt8] = [0, 255, 128, 16, 128, 128]
  #expect(try colors(film(y4m("W2 H2 C420 XCOLORRANGE=FULL", [frame]))) == [[0, 0, 0, 255, 255, 255, 128, 128, 128, 16, 16, 16]])
  #expect(try colors(film(y4m("W2 H2 C420", [frame])))[0][0...2] == [0, 0, 0])
  #expect(try colors(film(y4m("W2 H2 C420", [frame])))[0][9...11] == [0, 0, 0])
}

@Test(arguments: [
  ("W0 H3", "no width and height"), ("W5", "no width and height"), ("W65501 H1", "no width and height"),
  ("W60000 H60000", "more than 100 megapixels"), ("W5 H3 C444", "samples of type C444: convert the film"), ("W5 H3 C420p10", "C420p10"),
  ("W-5 H3", "no width and height"), ("W5x H3", "no width and height"),
])
func badY4MHeadersAreRejected(header: String, problem: String) {
  let found = outcomes(film(y4m(header, [numbers(27)])))
  #expect(found.count == 1 && found[0].contains(problem), "\(found)")
}

@Test func cutY4MFilmsEndWithAMessage() throws {
  let whole = y4m("W5 H3 F25:1", [numbers(27), numbers(27)])
  for count in 10..<whole.count {
    let source = film(Array(whole[..<count]))
    let found = outcomes(source)
    let inHeader = count < 22, atEdge = count == 22 + 33
    #expect(found.filter { $0.hasSuffix("5x3") }.count == (count < 55 ? 0 : 1), "\(count): \(found)")
    #expect(found.count { $0.contains("is cut off") } == (atEdge || count == 22 ? 0 : 1), "\(count): \(found)")
    #expect(source.skips.damaged == (inHeader || !(atEdge || count == 22) ? 1 : 0), "\(count)")
  }
  let longHeader = Array("YUV4MPEG2 ".utf8) + [UInt8](repeating: 65, count: 5000)
  #expect(outcomes(film(longHeader)) == [CaptureError.picture(name: "-", .cutOff(reason: "in its Y4M header")).message])
  #expect(outcomes(film(y4m("W5 H3", [numbers(27)]) + numbers(50))).last?.contains("no FRAME line before it") == true)
}

@Test func y4mFilesAreFilms() throws {
  let folder = try TemporaryFolder(), bytes = y4m("W5 H3 F25:1", [numbers(27), numbers(27)])
  for name in ["film.y4m", "unnamed"] {
    #expect(outcomes(try Source.open(folder.write(name, bytes))) == ["0: 5x3", "1: 5x3"])
  }
}

@Test func timesAreThoseOfTheFilm() throws {
  func times(_ source: Source) throws -> [Double] {
    var found: [Double] = []
    while let frame = try source.next() {
      #expect(frame.timeOfDay == nil)
      found.append(frame.timestampSeconds)
    }
    return found
  }
  let frames = [[UInt8]](repeating: numbers(27), count: 3), jpeg = try fixture("kinds/3x5.jpg")
  var options = SourceOptions()
  for pieces in [3, 1000] {
    #expect(try times(film(y4m("W5 H3 F30000:1001", frames), pieces: pieces)) == [0, 1001.0 / 30000, 2002.0 / 30000])
    #expect(try times(film(frames[0] + frames[1], pieces: pieces, SourceOptions(raw: RawFormat("i420:5x3@12.5")))) == [0, 0.08])
    options.rate = StreamRate("25".utf8)
    #expect(try times(film(jpeg + jpeg + jpeg, pieces: pieces, options)) == [0, 0.04, 0.08])
    #expect(try times(film(y4m("W5 H3 F0:0", frames), pieces: pieces, options)) == [0, 0.04, 0.08])
    #expect(try times(film(y4m("W5 H3 F50:1", frames), pieces: pieces, options)) == [0, 0.04, 0.08])
  }
  let unknown = film(jpeg + jpeg)
  #expect(!unknown.lacksRate)
  _ = try unknown.next()
  #expect(unknown.lacksRate)
}

@Test(arguments: ["0", "", "-1", "25:1", "1e3", "1001", "0.0001", "25/", "/1", "1/0", "1/1/1", "0.00001", "9999999999", "25.1234", "nan"])
func badRatesAreRejected(text: String) { #expect(StreamRate(text.utf8) == nil) }

@Test func ratesAreFractions() throws {
  for (text, frame, seconds) in [
    ("25", 100, 4.0), ("29.97", 2997, 100), ("30000/1001", 30000, 1001), ("0.001", 1, 1000), ("1000", 1000, 1),
  ] {
    #expect(try #require(StreamRate(text.utf8)).time(ofFrame: Int64(frame)) == seconds, "\(text)")
  }
}
