// Reads the modes of a camera and chooses one.
import CVideo

/// A frame size of a camera's format and the rates at this size.
struct CameraSize {
  let width: Int, height: Int
  /// Frames per second as listed by the driver; empty if it lists none.
  let rates: [Double]
  /// The smallest size, if the entry is a range of sizes.
  let smallest: (width: Int, height: Int)?
  /// True if the entry means all rates up to the one listed.
  let isRateRange: Bool
}

/// Limit of the entries read from a driver's list, which may be endless.
private let maxEntries: UInt32 = 256

extension UnsafeMutablePointer<rf_video> {
  /// Returns the codes of all formats, in the driver's order.
  func formatCodes() -> [UInt32] {
    var codes: [UInt32] = []
    for index in 0..<maxEntries {
      var code: UInt32 = 0
      guard rf_video_format_at(self, index, &code) == 0 else { break }
      if !codes.contains(code) { codes.append(code) }
    }
    return codes
  }

  func sizes(of code: UInt32) -> [CameraSize] {
    var sizes: [CameraSize] = []
    for index in 0..<maxEntries {
      var size = rf_video_size()
      guard rf_video_size_at(self, code, index, &size) == 0 else { break }
      let (rates, isRange) = rates(of: code, size.width, size.height)
      sizes.append(
        CameraSize(
          width: Int(clamping: size.width), height: Int(clamping: size.height), rates: rates,
          smallest: size.is_range == 0 ? nil : (Int(clamping: size.min_width), Int(clamping: size.min_height)),
          isRateRange: isRange))
    }
    return sizes
  }

  func rates(of code: UInt32, _ width: UInt32, _ height: UInt32) -> (rates: [Double], isRange: Bool) {
    var rates: [Double] = []
    for index in 0..<maxEntries {
      var rate = 0.0, isRange: Int32 = 0
      guard rf_video_rate_at(self, code, width, height, index, &rate, &isRange) == 0 else { break }
      if isRange != 0 { return ([rate], true) }
      rates.append(rate)
    }
    return (rates, false)
  }
}

/// A format and its rate and size for a request.
struct CameraMode {
  /// The pixel format.
  let format: CameraFormat
  /// The rate to ask for; 0: the driver's choice.
  let framesPerSecond: Double
  /// Distance of the nearest size from the requested one: pixels of both sides added.
  let sizeError: Int64

  init(_ format: CameraFormat, _ video: UnsafeMutablePointer<rf_video>, _ request: CameraRequest) {
    self.format = format
    var nearest = (request.width, request.height, error: Int64.max)
    for index in 0..<maxEntries {
      var size = rf_video_size()
      guard rf_video_size_at(video, format.fourCC.code, index, &size) == 0 else { break }
      let width = min(max(request.width, Int(clamping: size.min_width)), Int(clamping: size.width))
      let height = min(max(request.height, Int(clamping: size.min_height)), Int(clamping: size.height))
      let error = abs(Int64(width) - Int64(request.width)) + abs(Int64(height) - Int64(request.height))
      if error < nearest.error { nearest = (width, height, error) }
    }
    sizeError = nearest.error == .max ? 0 : nearest.error
    let rates = video.rates(of: format.fourCC.code, UInt32(nearest.0), UInt32(nearest.1)).rates
    framesPerSecond = request.framesPerSecond ?? rates.max() ?? 0
    reach = rates.isEmpty ? framesPerSecond : min(rates.max() ?? 0, framesPerSecond)
  }

  /// The part of the requested rate that the format reaches.
  private let reach: Double

  /// Compares colour first, then the size, then the rate, which must be 2 % higher. Equal modes keep the order of cost.
  func isBetter(than other: CameraMode) -> Bool {
    if format.isColorless != other.format.isColorless { return other.format.isColorless }
    if sizeError != other.sizeError { return sizeError < other.sizeError }
    return reach > other.reach * 1.02
  }

  /// Returns the best mode among the readable formats of a device; `nil` if there is none.
  static func best(of codes: [UInt32], _ video: UnsafeMutablePointer<rf_video>, _ request: CameraRequest) -> CameraMode? {
    var best: CameraMode?
    for format in CameraFormat.all where codes.contains(format.fourCC.code) {
      if let asked = request.fourCC, asked != format.fourCC { continue }
      let mode = CameraMode(format, video, request)
      if best.map({ mode.isBetter(than: $0) }) ?? true { best = mode }
    }
    return best
  }
}
