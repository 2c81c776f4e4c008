// Formatting without Foundation beside Foundation's.
import Foundation
import Host
import Report
import Testing

@testable import rf_cam

private func text(_ body: (inout ByteBuffer) -> Void) -> String {
  var buffer = ByteBuffer()
  body(&buffer)
  return String(decoding: buffer.bytes, as: UTF8.self)
}

@Test(arguments: [0, 1, 2, 3, 5, 6])
func decimalsAreThoseOfPrintf(decimals: Int) {
  for value in [0, 0.04, 0.25, 1, 1.5, 9.96, 99.999, 123.456789, 640.05, 1e6, -0.01, -1, -331.64, -99999.9] {
    // A tie is rounded away from zero here and to even there: stay beside it.
    let moved = value * (1 + 1e-9)
    let expected = String(format: "%.\(decimals)f", moved)
    let isMinusZero = Double(expected) == 0
    #expect(text { $0.append(moved, decimals: decimals) } == (isMinusZero ? expected.replacing("-", with: "") : expected))
  }
}

@Test func hugeNumbersStayNumbers() {
  for value in [1e18, 1e30, -1e30, .infinity] {
    #expect(Double(text { $0.append(value, decimals: 2) })?.isFinite == true)
  }
}

@Test func integersAndPadding() {
  #expect(text { $0.append(0) } == "0")
  #expect(text { $0.append(-120) } == "-120")
  #expect(text { $0.append(7, width: 6) } == "000007")
  #expect(text { $0.append(Int.min) } == "\(Int.min)")
  #expect(text { $0.append(hexadecimal: 0xdead_beef) } == "00000000deadbeef")
  #expect(text { $0.append(Float(1.5), decimals: 1, width: 6) } == "   1.5")
}

@Test func jsonStringsAreReadBackAsTheyWere() throws {
  let all = String(decoding: (1...127).map { UInt8($0) }, as: UTF8.self) + "é人\u{1f600}"
  let json = text { $0.append(jsonString: all.utf8) }
  #expect(try JSONDecoder().decode([String].self, from: Data("[\(json)]".utf8)) == [all])
  #expect(text { $0.append(jsonString: [0xff, 0x41]) } == "\"\u{fffd}A\"")
}

@Test func quantilesAreOfTheNearestRankWithinABin() {
  var histogram = Histogram()
  #expect(histogram.quantile(percent: 50) == 0)
  for value in 1...100 { histogram.add(milliseconds: Double(value)) }
  #expect(abs(histogram.quantile(percent: 50) / 50 - 1) < 0.01)
  #expect(abs(histogram.quantile(percent: 95) / 95 - 1) < 0.01)
  #expect(histogram.maximum == 100)
  histogram.add(milliseconds: 0)
  histogram.add(milliseconds: 1e12)
  #expect(histogram.maximum == 1e12)
  #expect(histogram.quantile(percent: 100) > 1e9)
}

@Test func namesOfFiles() {
  func stem(_ name: String, _ relative: String, _ isPicture: Bool = true) -> String {
    let stem = isPicture ? pictureStem(name: name, relativeName: relative) : streamStem(relativeName: relative)
    return String(decoding: stem, as: UTF8.self)
  }
  #expect(stem("/a/b.c/photo.jpg", "/a/b.c/photo.jpg") == "photo")
  #expect(stem("in/below/x.tar.ppm", "below/x.tar.ppm") == "below/x.tar")
  #expect(stem("in/a.b/name", "a.b/name") == "a.b/name")
  #expect(stem("in/below/.hidden", "below/.hidden") == "below/.hidden")
  #expect(stem("-", "-", false) == "stdin")
  #expect(stem("pattern:64x64", "pattern:64x64", false) == "pattern-64x64")
  #expect(String(decoding: parentComponent(of: FileName("a/0--Parade/x.jpg".utf8)), as: UTF8.self) == "0--Parade")
  #expect(parentComponent(of: FileName("../x.jpg".utf8)).isEmpty && parentComponent(of: FileName("x.jpg".utf8)).isEmpty)
}

/// At every magnitude and sign: within half a unit of the last digit of the value, as strtod reads it.
@Test(arguments: 0...9)
func numbersAreReadBackWithinTheirLastDigit(decimals: Int) throws {
  let unit = pow(10, Double(decimals))
  var values: [Double] = [
    0, 0x1p63, 0x1p63.nextDown, 0x1p62, 4294967295.5, 4_294_967_296, 2147.483647, 2147.483648, 1e6 + 1e-6, 9.9999999999,
  ]
  for exponent in -40...62 {
    for share in [1, 1.1, 1.5, 1.9999999] { values.append(share * pow(2, Double(exponent))) }
  }
  for value in values + values.map({ -$0 }) {
    let printed = text { $0.append(value, decimals: decimals) }
    let read = try #require(Double(printed))
    #expect(abs(read - value) <= 0.500001 / unit + abs(value) * 0x1p-52, "\(value): \(printed)")
    #expect(printed.split(separator: ".").count == (decimals > 0 ? 2 : 1))
    #expect(decimals == 0 || printed.split(separator: ".")[1].count == decimals)
  }
}

@Test func notANumberIsNull() {
  #expect(text { $0.append(Double.nan, decimals: 3) } == "null")
  #expect(text { $0.append(-Float.nan, decimals: 1) } == "null")
  #expect(text { $0.append(Double.infinity, decimals: 1) } == "9223372036854775808.0")
  #expect(text { $0.append(-Double.infinity, decimals: 0) } == "-9223372036854775808")
}

@Test func quantilesOfMoreFramesThan32BitsCount() {
  var histogram = Histogram()
  histogram.add(milliseconds: 5, times: 50_000_000_000)
  histogram.add(milliseconds: 50, times: 50_000_000_001)
  #expect(abs(histogram.quantile(percent: 50) / 50 - 1) < 0.01 && abs(histogram.quantile(percent: 49) / 5 - 1) < 0.01)
  #expect(histogram.count == 100_000_000_001)
  var odd = Histogram()
  for value in [Double.nan, .infinity, -.infinity, -1, 1e300] { odd.add(milliseconds: value) }
  #expect(odd.quantile(percent: 50) >= 0)
}
