// Counts and times of a run: the median, 95th percentile and maximum of every stage. Memory is fixed: times are counted in
// bins that are 1 % wide.

/// Counts times in logarithmic bins: the exponent and the upper mantissa bits of a float select its bin.
public struct Histogram: ~Copyable {
  /// Bins per power of two: each is between 1/128 and 1/64 of its value wide.
  private static let binsPerOctave = 64
  private static let mantissaBits = 23 - 6
  /// 2^-10 ms to 2^30 ms: a microsecond to twelve days.
  private static let lowest: Float = 1 / 1024
  private static let octaves = 40

  private var bins = [Int64](repeating: 0, count: Histogram.octaves * Histogram.binsPerOctave)
  public private(set) var count: Int64 = 0
  /// Milliseconds.
  public private(set) var maximum: Float = 0

  public init() {}

  /// Counts a time `times` times. NaN counts as the longest.
  public mutating func add(milliseconds: Double, times: Int64 = 1) {
    let value = max(Float(milliseconds), Histogram.lowest)
    let position = Int(value.bitPattern >> Histogram.mantissaBits) - Int(Histogram.lowest.bitPattern >> Histogram.mantissaBits)
    bins[min(position, bins.count - 1)] += times
    count += times
    maximum = max(maximum, Float(milliseconds))
  }

  /// Returns the nearest-rank quantile, milliseconds: the middle of the bin that contains it; 0 if nothing was added.
  public func quantile(percent: Int64) -> Float {
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

/// Counts of a run. They have 64 bits on every machine: 20 faces at 30 frames a second exceed 31 bits after six weeks.
public struct RunCounts {
  public var frames: Int64 = 0
  public var faces: Int64 = 0
  /// Camera frames that were replaced by newer ones.
  public var dropped: Int64 = 0
  public var reconnects: Int64 = 0
  // Pictures, frames and files that were skipped, by reason.
  public var unreadable: Int64 = 0
  public var damaged: Int64 = 0
  public var unsupported: Int64 = 0
  public var tooLarge: Int64 = 0

  public init() {}

  var skipped: Int64 { unreadable + damaged + unsupported + tooLarge }
}

/// Counts and times of a run.
public struct Statistics: ~Copyable {
  public var counts = RunCounts()
  private var capture = Histogram()
  private var convert = Histogram()
  private var network = Histogram()
  private var decode = Histogram()
  private var latency = Histogram()
  private var total = Histogram()

  public init() {}

  /// The times of one frame, milliseconds.
  public struct Times {
    var capture, convert, network, decode: Double
    /// From the start of capturing until the faces are known.
    public var latency: Double
    /// From the start of capturing until everything is written.
    public var total: Double

    public init(
      capture: Double = 0, convert: Double = 0, network: Double = 0, decode: Double = 0, latency: Double = 0,
      total: Double = 0
    ) {
      (self.capture, self.convert, self.network, self.decode) = (capture, convert, network, decode)
      (self.latency, self.total) = (latency, total)
    }
  }

  /// Counts a frame.
  public mutating func add(_ times: Times, faces: Int) {
    counts.frames += 1
    counts.faces += Int64(faces)
    capture.add(milliseconds: times.capture)
    convert.add(milliseconds: times.convert)
    network.add(milliseconds: times.network)
    decode.add(milliseconds: times.decode)
    latency.add(milliseconds: times.latency)
    total.add(milliseconds: times.total)
  }

  /// Appends lines for people.
  public func append(to text: inout ByteBuffer) {
    text.append(
      "frames \(counts.frames), faces \(counts.faces), dropped \(counts.dropped), skipped \(counts.skipped), "
        + "reconnects \(counts.reconnects)\n")
    if counts.skipped > 0 {
      text.append(
        "skipped: unreadable \(counts.unreadable), damaged \(counts.damaged), unsupported format \(counts.unsupported), "
          + "too large \(counts.tooLarge)\n")
    }
    text.append("milliseconds     median        p95        max\n")
    append("capture", capture, to: &text)
    append("convert", convert, to: &text)
    append("network", network, to: &text)
    append("decode", decode, to: &text)
    append("total", total, to: &text)
    append("latency", latency, to: &text)
  }

  /// Appends a JSON object: counts, and per stage the median, 95th percentile and maximum, milliseconds.
  public func appendJSON(to text: inout ByteBuffer) {
    text.append(
      "{\"frames\":\(counts.frames),\"faces\":\(counts.faces),\"dropped\":\(counts.dropped),"
        + "\"skipped\":\(counts.skipped),\"skipped_by_reason\":{\"unreadable\":\(counts.unreadable),"
        + "\"damaged\":\(counts.damaged),\"unsupported\":\(counts.unsupported),\"too_large\":\(counts.tooLarge)},"
        + "\"reconnects\":\(counts.reconnects),\"milliseconds\":{")
    appendTimes("\"capture\":[", capture, to: &text)
    appendTimes(",\"convert\":[", convert, to: &text)
    appendTimes(",\"network\":[", network, to: &text)
    appendTimes(",\"decode\":[", decode, to: &text)
    appendTimes(",\"total\":[", total, to: &text)
    appendTimes(",\"latency\":[", latency, to: &text)
    text.append("}}")
  }

  /// Appends the latency in Prometheus's text format: median and 95th percentile of the whole run.
  func appendLatency(to text: inout ByteBuffer) {
    text.append(
      """
      # HELP rf_cam_latency_seconds From the capture of a frame to its faces, over the whole run.
      # TYPE rf_cam_latency_seconds summary
      rf_cam_latency_seconds{quantile="0.5"}\u{20}
      """)
    text.append(Double(latency.quantile(percent: 50)) / 1000, decimals: 6)
    text.append("\nrf_cam_latency_seconds{quantile=\"0.95\"} ")
    text.append(Double(latency.quantile(percent: 95)) / 1000, decimals: 6)
    text.append("\nrf_cam_latency_seconds_count \(latency.count)\n")
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
