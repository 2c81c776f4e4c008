// --stats: counts, and the median, 95th percentile and maximum of every stage. Fixed memory however long a run is:
// times go into bins that are 1 % wide.
import Capture
import CHost

/// Times in logarithmic bins: the exponent and the upper mantissa bits of a float are its bin.
struct Histogram: ~Copyable {
  /// Bins a power of two: each is between 1/128 and 1/64 of its value wide.
  private static let binsAnOctave = 64
  private static let mantissaBits = 23 - 6
  /// 2^-10 ms to 2^30 ms: a microsecond to twelve days.
  private static let lowest: Float = 1 / 1024
  private static let octaves = 40

  private var bins = [Int64](repeating: 0, count: Histogram.octaves * Histogram.binsAnOctave)
  private(set) var count: Int64 = 0
  private(set) var maximum: Float = 0

  /// Counts a time so many times. NaN counts as the longest.
  mutating func add(milliseconds: Double, times: Int64 = 1) {
    let value = max(Float(milliseconds), Histogram.lowest)
    let position = Int(value.bitPattern >> Histogram.mantissaBits) - Int(Histogram.lowest.bitPattern >> Histogram.mantissaBits)
    bins[min(position, bins.count - 1)] += times
    count += times
    maximum = max(maximum, Float(milliseconds))
  }

  /// The nearest-rank quantile: the middle of the bin in which the value lies that `percent` of all are at most. 0
  /// where nothing was added.
  func quantile(percent: Int64) -> Float {
    var rest = max(0, (percent * count + 99) / 100 - 1)
    for (position, entries) in bins.enumerated() where entries > 0 {
      if rest < entries { return min(maximum, middle(ofBin: position)) }
      rest -= entries
    }
    return maximum
  }

  private func middle(ofBin position: Int) -> Float {
    let low = Histogram.lowest.bitPattern + UInt32(position) << Histogram.mantissaBits
    return Float(bitPattern: low + 1 << (Histogram.mantissaBits - 1))
  }
}

/// What a run has done.
struct Statistics: ~Copyable {
  // Counts have 64 bits on every machine: 20 faces at 30 frames a second exceed 31 bits after six weeks.
  var frames: Int64 = 0
  var faces: Int64 = 0
  /// Of all cameras.
  var camera = CameraCounts()
  /// Of all sources.
  var sourceSkips = Skips()
  /// Sources that could not be opened, and frames without a detector.
  var otherSkips = Skips()
  private var skips: Skips { sourceSkips + otherSkips }
  private var capture = Histogram()
  private var convert = Histogram()
  private var network = Histogram()
  private var decode = Histogram()
  private var latency = Histogram()
  private var total = Histogram()

  /// The times of one frame, milliseconds.
  struct Times {
    var capture = 0.0, convert = 0.0, network = 0.0, decode = 0.0
    /// From the start of capturing until the faces are known.
    var latency = 0.0
    /// The same until everything is written.
    var total = 0.0
  }

  mutating func add(_ times: Times, faces: Int) {
    frames += 1
    self.faces += Int64(faces)
    capture.add(milliseconds: times.capture)
    convert.add(milliseconds: times.convert)
    network.add(milliseconds: times.network)
    decode.add(milliseconds: times.decode)
    latency.add(milliseconds: times.latency)
    total.add(milliseconds: times.total)
  }

  func append(to text: inout ByteBuffer) {
    text.append("frames \(frames), faces \(faces), dropped \(camera.dropped), skipped \(skips.total), "
      + "reconnects \(camera.reconnects)\n")
    if skips.total > 0 {
      text.append("skipped: unreadable \(skips.unreadable), damaged \(skips.damaged), unsupported format \(skips.unsupported), "
        + "too large \(skips.tooLarge)\n")
    }
    text.append("milliseconds     median        p95        max\n")
    append("capture", capture, to: &text)
    append("convert", convert, to: &text)
    append("network", network, to: &text)
    append("decode", decode, to: &text)
    append("total", total, to: &text)
    append("latency", latency, to: &text)
  }

  /// The same as an object: counts, and of every stage the median, 95th percentile and maximum in milliseconds.
  func appendJSON(to text: inout ByteBuffer) {
    text.append("{\"frames\":\(frames),\"faces\":\(faces),\"dropped\":\(camera.dropped),\"skipped\":\(skips.total),"
      + "\"skipped_by_reason\":{\"unreadable\":\(skips.unreadable),\"damaged\":\(skips.damaged),"
      + "\"unsupported\":\(skips.unsupported),\"too_large\":\(skips.tooLarge)},"
      + "\"reconnects\":\(camera.reconnects),\"milliseconds\":{")
    appendTimes("\"capture\":[", capture, to: &text)
    appendTimes(",\"convert\":[", convert, to: &text)
    appendTimes(",\"network\":[", network, to: &text)
    appendTimes(",\"decode\":[", decode, to: &text)
    appendTimes(",\"total\":[", total, to: &text)
    appendTimes(",\"latency\":[", latency, to: &text)
    text.append("}}")
  }

  private func appendTimes(_ name: StaticString, _ histogram: borrowing Histogram, to text: inout ByteBuffer) {
    text.append(name)
    text.append(histogram.quantile(percent: 50), decimals: 3)
    text.append(",")
    text.append(histogram.quantile(percent: 95), decimals: 3)
    text.append(",")
    text.append(histogram.maximum, decimals: 3)
    text.append("]")
  }

  private func append(_ name: StaticString, _ histogram: borrowing Histogram, to text: inout ByteBuffer) {
    text.append(name)
    text.append(spaces: 12 - name.utf8CodeUnitCount)
    for value in [histogram.quantile(percent: 50), histogram.quantile(percent: 95), histogram.maximum] {
      text.append(value, decimals: 3, width: 11)
    }
    text.append("\n")
  }
}
