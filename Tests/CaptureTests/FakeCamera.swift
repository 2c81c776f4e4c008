import CFakeCamera
import CVideo
import Foundation
import Imaging
import Testing

// A camera for tests: the fake of Tests/Support/FakeCamera with a source on it, and the messages of the source.
@testable import Capture

/// A camera of 640 x 480 at 30 frames per second, unless formats are given.
final class FakeCamera {
  let fake: UnsafeMutablePointer<rf_fake>
  private let folder: TemporaryFolder
  private(set) var news: [String] = []
  private(set) var troubles: [String] = []
  /// Kept for as long as the fake lends it to frames.
  private var bytes: UnsafeMutableBufferPointer<UInt8>?

  init(_ formats: [(fourCC: String, width: UInt32, height: UInt32, rate: Double)] = [("YUYV", 640, 480, 30)]) throws {
    folder = try TemporaryFolder()
    fake = rf_fake_new(folder.path)
    for format in formats { rf_fake_offer(fake, FourCC(format.fourCC.utf8)!.code, format.width, format.height, format.rate) }
  }

  deinit {
    rf_fake_free(fake)
    bytes?.deallocate()
  }

  var path: String { "\(folder.path)/dev/video\(fake.pointee.node)" }

  func schedule(_ event: rf_fake_event, at frame: Int) { rf_fake_set_event(fake, Int32(frame), event) }

  /// Every frame has these bytes.
  func give(_ frame: [UInt8]) {
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: frame.count)
    _ = copy.initialize(fromContentsOf: frame)
    bytes = copy
    fake.pointee.bytes = UnsafePointer(copy.baseAddress)
    fake.pointee.byte_count = frame.count
  }

  func source(
    _ request: CameraRequest = CameraRequest(), named name: String? = nil, shrink: Int = 1,
    converting: @escaping () -> UnsafePointer<rf_video_system>? = { nil }
  ) -> CameraSource {
    var options = SourceOptions()
    options.camera = request
    options.shrink = { _, _ in shrink }
    // The source keeps the fake alive until it has closed it.
    options.report = { [self] notice in
      switch notice {
      case .news(let line): news.append(line.replacingOccurrences(of: folder.path, with: ""))
      case .trouble(let line): troubles.append(line.replacingOccurrences(of: folder.path, with: ""))
      }
    }
    return (name ?? path).withCString { CameraSource(FilePath($0), options, system: rf_fake_system(fake), converting: converting) }
  }

  /// Takes a number of frames and uses each for some time; fewer if the source ends.
  @discardableResult
  func run(_ source: CameraSource, frames: Int, seconds: Double = 0) throws -> [CapturedFrame] {
    var captured: [CapturedFrame] = []
    while captured.count < frames, let frame = try source.next() {
      captured.append(frame)
      fake.pointee.now += seconds
    }
    return captured
  }
}
