// Controls one open camera that streams: its mode and its buffers.
import CHost
import CVideo
import Imaging

/// A streaming device; closed by `deinit`.
final class CameraStream {
  let mode: CameraMode
  /// Size in pixels as given by the driver.
  let width: Int, height: Int
  /// 0 if the driver reports no rate.
  let framesPerSecond: Double
  let isConverted: Bool
  let bufferCount: Int
  private let format: rf_video_format
  private let video: UnsafeMutablePointer<rf_video>
  /// Buffers that the driver refused to take back.
  private var refused: [UInt32] = []

  var card: String { String(cString: rf_video_card(video)) }

  /// One at the detector, one being filled, and two between them.
  private static let wantedBuffers: UInt32 = 4

  init(
    path: FilePath, _ request: CameraRequest, _ system: UnsafePointer<rf_video_system>,
    converting: UnsafePointer<rf_video_system>?
  ) throws(CameraFault) {
    video = .allocate(capacity: 1)
    video.initialize(to: rf_video())
    video.pointee.file = -1
    do throws(CameraFault) {
      (mode, isConverted) = try Self.open(video, path, request, system, converting)
      format = try Self.negotiate(video, mode, request)
      guard let given = CameraFormat(code: format.four_cc), given.kind == mode.format.kind else {
        throw .unreadable(given: FourCC(code: format.four_cc))
      }
      framesPerSecond = rf_video_set_rate(video, mode.framesPerSecond)
      try Self.check(rf_video_start(video, Self.wantedBuffers), "starting the camera")
    } catch {
      rf_video_close(video)
      video.deallocate()
      throw error
    }
    (width, height) = (Int(format.width), Int(format.height))
    bufferCount = Int(video.pointee.buffer_count)
  }

  deinit {
    close()
    video.deallocate()
  }

  /// Returns all resources to the system; delivered frames become invalid.
  func close() { rf_video_close(video) }

  /// Opens the device directly or, if none of its formats can be read, through the converting library.
  private static func open(
    _ video: UnsafeMutablePointer<rf_video>, _ path: FilePath, _ request: CameraRequest,
    _ system: UnsafePointer<rf_video_system>, _ converting: UnsafePointer<rf_video_system>?
  ) throws(CameraFault) -> (CameraMode, isConverted: Bool) {
    try check(path.withCString { rf_video_open(video, system, $0) }, "opening")
    guard rf_video_can_capture(video) != 0 else { throw .noCapture }
    let codes = video.formatCodes()
    if let mode = CameraMode.best(of: codes, video, request) { return (mode, false) }
    let readable = codes.filter { CameraFormat(code: $0) != nil }
    if let asked = request.fourCC, !codes.contains(asked.code) {
      throw .lacksFormat(asked: asked, offered: list(readable.isEmpty ? codes : readable))
    }
    guard let converting else { throw .noFormat(offered: list(codes)) }
    rf_video_close(video)
    try check(path.withCString { rf_video_open(video, converting, $0) }, "opening")
    return (CameraMode(.converted, video, request), true)
  }

  private static func negotiate(
    _ video: UnsafeMutablePointer<rf_video>, _ mode: CameraMode,
    _ request: CameraRequest
  ) throws(CameraFault) -> rf_video_format {
    var format = rf_video_format()
    format.four_cc = mode.format.fourCC.code
    format.width = UInt32(request.width)
    format.height = UInt32(request.height)
    try check(rf_video_set_format(video, &format), "setting the format")
    guard (1...65500).contains(format.width), (1...65500).contains(format.height),
      Int(format.width) <= Frame.maxPixels / Int(format.height)
    else { throw .streamError }
    return format
  }

  private static func list(_ codes: [UInt32]) -> String {
    var text = ""
    for code in codes { text += (text.isEmpty ? "" : ", ") + FourCC(code: code).text }
    return text.isEmpty ? "none" : text
  }

  private static func check(_ result: Int32, _ step: StaticString) throws(CameraFault) {
    if result < 0 { throw .system(step: step, number: -result) }
  }

  /// Returns the oldest filled buffer; `nil` if none is filled.
  func take() throws(CameraFault) -> rf_video_frame? {
    var taken = rf_video_frame()
    let result = rf_video_take(video, &taken)
    if result == -EAGAIN { return nil }
    try Self.check(result, "reading a frame")
    return taken
  }

  /// Returns a buffer to the driver. A refused one is offered again next time; false if the driver takes none.
  func give(_ index: UInt32) throws(CameraFault) -> Bool {
    let result = rf_video_give(video, index)
    if result == -ENODEV { throw .system(step: "giving a frame back", number: ENODEV) }
    _ = retryRefused()
    if result < 0 { refused.append(index) }
    return refused.count < bufferCount
  }

  /// Offers the refused buffers again; false if the driver takes none.
  func retryRefused() -> Bool {
    refused.removeAll { rf_video_give(video, $0) == 0 }
    return refused.count < bufferCount
  }

  var hasRefused: Bool { !refused.isEmpty }

  /// The JPEG data in a buffer.
  func bytes(_ taken: rf_video_frame) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: taken.base.0, count: taken.byte_count.0)
  }

  /// Returns the buffer's pixels in place. Throws if the buffer has too few bytes.
  func frame(_ taken: rf_video_frame) throws(FrameError) -> Frame {
    guard case .raw(let pixels, let isSplit) = mode.format.kind else { preconditionFailure("a JPEG is no frame") }
    let range: ColorRange = format.is_full_range != 0 ? .full : .limited
    let stride = format.stride_bytes.0 > 0 ? Int(clamping: format.stride_bytes.0) : nil
    guard isSplit else {
      return try Frame(pixels, width: width, height: height, bytes: bytes(taken), strideBytes: stride, range: range)
    }
    func plane(_ base: UnsafePointer<UInt8>?, _ count: Int, _ stride: UInt32) -> (UnsafeRawBufferPointer, Int) {
      (UnsafeRawBufferPointer(start: base, count: count), Int(clamping: stride))
    }
    return try Frame(
      pixels, width: width, height: height, range: range,
      planes: (
        plane(taken.base.0, taken.byte_count.0, format.stride_bytes.0),
        plane(taken.base.1, taken.byte_count.1, format.stride_bytes.1),
        plane(taken.base.2, taken.byte_count.2, format.stride_bytes.2)
      ))
  }

  /// Waits for a frame; false if none arrived. Throws if the driver reports an error.
  func wait(milliseconds: Int32) throws(CameraFault) -> Bool {
    let system = video.pointee.system!.pointee
    switch system.wait(system.context, video.pointee.file, milliseconds) {
    case Int32(RF_VIDEO_READY): return true
    case 0: return false
    default:
      // The error number comes from taking a frame.
      _ = try take()
      throw .streamError
    }
  }
}
