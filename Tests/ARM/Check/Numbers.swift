// Numbers that take more than 32 bits, through the program's own code: times after weeks, counts after years, sizes of large
// pictures. A machine of 32 bits has to print what the host prints.
import CHost
import Capture
import CommandLine
import Engine
import Imaging
import Report
import RetinaFace

/// Prints numbers, reports, statistics and plans as rf-cam would. Returns what is wrong with the size, nil where nothing is.
func printNumbers(of model: Model, width: Int, height: Int) -> String? {
  printDecimals()
  printStatistics()
  printWords()
  printFrames()
  guard let plan = try? Plan(model: model, width: width, height: height, bands: true) else {
    return "\(width)x\(height): the network cannot be planned at this size"
  }
  print("\(width)x\(height): \(plan.denseMultiplyAdds(of: model)) multiply-adds")
  return printReports(model)
}

/// At every magnitude, so also at the borders of 31, 32, 53 and 63 bits.
private func printDecimals() {
  for decimals in 0...9 {
    var text = ByteBuffer()
    for exponent in -34...64 {
      let power = Double(sign: .plus, exponent: exponent, significand: 1)
      for value in [power, power.nextDown, -1.7 * power] {
        text.append(value, decimals: decimals)
        text.append(" ")
      }
    }
    for value in [2147.483647, 2147.483648, 1e6 + 1e-6, 1e300, .infinity, -.infinity, .nan] as [Double] {
      text.append(value, decimals: decimals)
      text.append(" ")
    }
    show(text)
  }
}

/// The report of a frame and its faces after 10^6 s and more, and the ids that a tracker gives then.
private func printReports(_ model: Model) -> String? {
  var options = Detector.Options()
  options.threshold = 0
  options.maxFaces = 3
  let side = 64
  let picture = Picture(width: side, height: side)
  for index in 0..<(3 * side * side) { picture.pixels[index] = UInt8(truncatingIfNeeded: index &* 5 ^ index >> 6) }
  guard let detector = try? Detector(model: model, width: side, height: side, options: options) else { return "no detector" }
  let tracker = Tracker(maxFaces: 3, isSmooth: true)
  for seconds in [0, 2147.483647, 2147.5, 1e6, 1e6 + 1.0 / 30, 4294967.296, 1e9, .infinity, .nan] as [Double] {
    let faces = tracker.update(detector.detect(picture.frame), seconds: seconds)
    let report = FrameReport(
      source: [0x61, 0xE9], frame: Int64(min(seconds == seconds ? seconds : 0, 1e12)) * 30, timestampSeconds: seconds,
      width: 100_000_000, height: 1, latencyMilliseconds: seconds * 1000)
    var text = ByteBuffer()
    appendText(report, faces, to: &text)
    appendJSON(report, faces, to: &text)
    appendHash(report, resultHash(of: faces, by: detector), to: &text)
    show(text)
  }
  return nil
}

/// After three years at 1000 frames a second.
private func printStatistics() {
  var histogram = Histogram()
  for value in 1...100 { histogram.add(milliseconds: Double(value), times: 1_000_000_000) }
  var statistics = Statistics()
  statistics.add(
    Statistics.Times(capture: 1, convert: .nan, network: 1e15, decode: -1, latency: .infinity, total: 0), faces: Int(Int32.max))
  statistics.add(Statistics.Times(), faces: Int(Int32.max))
  statistics.counts.frames = 100_000_000_000
  statistics.counts.dropped = 3_000_000_000
  var text = ByteBuffer()
  for percent in [0, 50, 95, 100] as [Int64] {
    text.append(histogram.quantile(percent: percent), decimals: 3)
    text.append(" ")
  }
  text.append(histogram.count)
  text.append("\n")
  statistics.append(to: &text)
  statistics.appendJSON(to: &text)
  show(text)
}

/// Words of the command line.
private func printWords() {
  for word in ["2147483647", "2147483648", "4294967296", "99999999999999999999", "1000000000", "0", "-1", ""] {
    let argument = Argument(copying: word.utf8)
    print("'\(word)': \(argument.integer(upTo: 1_000_000_000) ?? -1) \(argument.integer(upTo: Int(Int32.max)) ?? -1)")
  }
}

/// Frames as a driver may describe them: strides whose product with the height exceeds 32 bits.
private func printFrames() {
  let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 64), count: 1000)
  for format in [PixelFormat.rgb, .yuyv, .nv12, .i420, .gray] {
    for stride in [1 << 20, (1 << 30) - 1, 1 << 30, Int(Int32.max)] {
      for (width, height) in [(640, 480), (1, 100_000_000), (65500, 65500)] {
        do {
          _ = try Frame(format, width: width, height: height, bytes: bytes, strideBytes: stride)
        } catch { print(error.message) }
        do {
          let plane = (bytes: bytes, strideBytes: stride)
          _ = try Frame(format, width: width, height: height, planes: (plane, plane, plane))
        } catch { print(error.message) }
      }
    }
  }
}

private func show(_ text: borrowing ByteBuffer) { print(String(decoding: text.bytes, as: UTF8.self)) }
