import CAllocationCount
import CFakeCamera
import CHost
import CVideo
import Foundation
import Imaging
import Testing

// Tests of cameras without faults: requests, messages, the delivered frame and its age.
@testable import Capture

@Test func aCameraTellsWhatItGives() throws {
  let camera = try FakeCamera()
  let frame = try #require(try camera.run(camera.source(), frames: 1).first)
  #expect(camera.news == ["/dev/video0: Fake camera, 640 x 480 YUYV, 30 frames per second"])
  #expect((frame.width, frame.height, frame.index, frame.shrunkBy) == (640, 480, 0, 1))
  #expect(frame.frame.format == .yuyv && frame.timestampSeconds == 0)
  #expect(camera.fake.pointee.rate_asked != 0)
}

@Test func whatACameraCannotGiveIsTold() throws {
  let camera = try FakeCamera([("YUYV", 320, 240, 15), ("MJPG", 1280, 720, 30)])
  try camera.run(camera.source(CameraRequest(width: 640, height: 480, framesPerSecond: 60, fourCC: FourCC("YUYV".utf8))), frames: 1)
  #expect(camera.news == ["/dev/video0: Fake camera, 320 x 240 YUYV, 15 frames per second (asked for 640x480@60:YUYV)"])
}

/// Format, size and rate that a camera has, what is asked, and which is to be taken.
@Test(
  arguments: [
    ([("MJPG", 640, 480, 30), ("YUYV", 640, 480, 30)], CameraRequest(), "YUYV"),
    ([("MJPG", 640, 480, 30), ("YUYV", 640, 480, 15)], CameraRequest(), "MJPG"),
    ([("MJPG", 640, 480, 30), ("YUYV", 640, 480, 15)], CameraRequest(width: 640, height: 480, framesPerSecond: 15), "YUYV"),
    ([("YUYV", 640, 480, 30), ("NV12", 640, 480, 30)], CameraRequest(), "NV12"),
    ([("YUYV", 640, 480, 30), ("MJPG", 1280, 720, 30)], CameraRequest(width: 1280, height: 720), "MJPG"),
    ([("GREY", 640, 480, 120), ("MJPG", 640, 480, 30)], CameraRequest(), "MJPG"),
    ([("GREY", 640, 480, 120), ("BA81", 640, 480, 30)], CameraRequest(), "GREY"),
    ([("YUYV", 640, 480, 30), ("MJPG", 640, 480, 30)], CameraRequest(width: 640, height: 480, fourCC: FourCC("MJPG".utf8)), "MJPG"),
  ] as [([(String, UInt32, UInt32, Double)], CameraRequest, String)])
func theCheapestFormatThatReachesTheRateIsTaken(
  offered: [(String, UInt32, UInt32, Double)], request: CameraRequest,
  expected: String
) throws {
  let camera = try FakeCamera(offered.map { (fourCC: $0.0, width: $0.1, height: $0.2, rate: $0.3) })
  camera.fake.pointee.stop_seconds = 2
  try camera.run(camera.source(request), frames: 1)
  #expect(camera.news.first?.contains(" \(expected)") == true, "\(camera.news)")
}

@Test(arguments: ["YUYV", "UYVY", "NV12", "NV21", "NV16", "YU12", "RGB3", "BGR3", "XB24", "XR24", "GREY"])
func everyRawFormatLiesInTheDriversBuffer(fourCC: String) throws {
  let camera = try FakeCamera([(fourCC, 64, 48, 30)])
  let source = camera.source()
  let first = try #require(try source.next())
  // The fake counts frames in the first byte of its buffer.
  #expect(first.frame.planes.0.base[0] == 1)
  let second = try #require(try source.next())
  #expect(second.frame.planes.0.base[0] == 2 && second.frame.planes.0.base != first.frame.planes.0.base)
  #expect(source.counts == CameraCounts())
}

@Test func planesOfAMultiplanarDeviceLieApart() throws {
  let camera = try FakeCamera([("NM12", 64, 48, 30)])
  camera.fake.pointee.is_multiplanar = 1
  let source = camera.source()
  let frame = try #require(try source.next())
  #expect(frame.frame.format == .nv12 && frame.frame.planes.1.base != frame.frame.planes.0.base)
  #expect(frame.frame.planes.1.strideBytes == 64)
}

@Test func jpegsAreDecodedAndShrunk() throws {
  let camera = try FakeCamera([("MJPG", 640, 480, 30)])
  camera.give(try fixture("pictures/group.jpg"))
  let whole = try read(fixture("pictures/group.jpg"))
  // The pixels are lent for as long as the source lives.
  let source = camera.source()
  defer { withExtendedLifetime(source) {} }
  let frame = try #require(try source.next())
  #expect((frame.frame.width, frame.frame.height, frame.frame.format) == (640, 480, .rgb))
  #expect((0..<(640 * 480 * 3)).allSatisfy { frame.frame.planes.0.base[$0] == whole.pixels[$0] })
  for divisor in [2, 4, 8] {
    let source = camera.source(shrink: divisor)
    defer { withExtendedLifetime(source) {} }
    let small = try #require(try source.next())
    #expect((small.frame.width, small.frame.height, small.shrunkBy) == (640 / divisor, 480 / divisor, divisor))
    #expect((small.width, small.height) == (640, 480))
    // The mean of the pixels that one stands for.
    var error = 0
    for y in stride(from: 0, to: 480, by: 40) {
      for x in stride(from: 0, to: 640, by: 40) {
        var sum = 0
        for dy in 0..<divisor { for dx in 0..<divisor { sum += Int(whole.pixels[3 * (640 * (y + dy) + x + dx) + 1]) } }
        error += abs(sum / (divisor * divisor) - Int(small.frame.planes.0.base[3 * (640 * y / divisor + x) / divisor + 1]))
      }
    }
    #expect(error < 192 * 6, "\(divisor): \(error)")
  }
}

/// The detector takes three and a half frames' time: what it gets is never older than one.
@Test func theNewestFrameIsGivenAndOlderOnesAreCounted() throws {
  let camera = try FakeCamera()
  let source = camera.source()
  var oldest = 0.0
  for _ in 0..<50 {
    let frame = try #require(try source.next())
    oldest = max(oldest, camera.fake.pointee.now - frame.capturedAtSeconds)
    camera.fake.pointee.now += 3.5 / 30
  }
  #expect(oldest <= 1 / 30 + 0.001)
  // One of 3.5 frames is used; or of 4.5 if the driver had no buffer for the newest.
  #expect((115...175).contains(source.counts.dropped), "\(source.counts)")
}

/// All buffers are full long before the detector is done: what lies in them is old, so the next frame is waited for.
@Test(arguments: [5.0, 8.3, 20])
func aStarvedDriversOldFramesAreNotGiven(frames: Double) throws {
  let camera = try FakeCamera()
  let source = camera.source()
  var oldest = 0.0
  for _ in 0..<20 {
    let frame = try #require(try source.next())
    oldest = max(oldest, camera.fake.pointee.now - frame.capturedAtSeconds)
    camera.fake.pointee.now += frames / 30
  }
  #expect(oldest <= 1 / 30 + 0.001)
  // Every frame was delivered or counted as dropped, except up to 4 in buffers.
  #expect((0...4).contains(Int64(camera.fake.pointee.frames) - 20 - source.counts.dropped), "\(source.counts)")
}

@Test func latencyCountsFromTheDriversTimestamp() throws {
  let camera = try FakeCamera()
  let source = camera.source()
  camera.fake.pointee.stop_seconds = 5
  let first = try #require(try source.next())
  #expect(abs(first.capturedAtSeconds - (1 + 1.0 / 30)) < 1e-5)
  camera.fake.pointee.now += 0.01
  #expect(abs(try #require(try source.next()).timestampSeconds - 1.0 / 30) < 1e-5)
  let other = try FakeCamera()
  other.fake.pointee.has_other_clock = 1
  #expect(try #require(try other.run(other.source(), frames: 1).first).capturedAtSeconds == other.fake.pointee.now)
}

@Test func anotherDeviceIsNoCamera() throws {
  let camera = try FakeCamera()
  camera.fake.pointee.is_metadata = 1
  let source = camera.source()
  #expect(throws: CaptureError.camera(name: camera.path, reason: CameraFault.noCapture.message)) { try source.next() }
  #expect(try camera.run(source, frames: 1).isEmpty, "told once")
  #expect(camera.fake.pointee.open_files == 0)
}

@Test func formatsThatCannotBeHadAreNamed() throws {
  let camera = try FakeCamera([("YUYV", 640, 480, 30), ("MJPG", 640, 480, 30), ("BA81", 640, 480, 30)])
  let request = CameraRequest(width: 640, height: 480, fourCC: FourCC("NV12".utf8))
  #expect(throws: CaptureError.camera(name: camera.path, reason: "has no format NV12: ask for one of YUYV, MJPG")) {
    try camera.source(request).next()
  }
  let rare = try FakeCamera([("BA81", 640, 480, 30)])
  #expect(throws: CaptureError.camera(name: rare.path, reason: CameraFault.noFormat(offered: "BA81").message)) {
    try rare.source().next()
  }
  // A driver that answers with something else than it lists.
  let liar = try FakeCamera()
  liar.fake.pointee.forced_four_cc = FourCC("BA81".utf8)!.code
  #expect(throws: CaptureError.camera(name: liar.path, reason: CameraFault.unreadable(given: FourCC("BA81".utf8)!).message)) {
    try liar.source().next()
  }
}

/// Stands for libv4l2: the same device, with a format that the library makes.
@Test func aRareFormatIsConverted() throws {
  let camera = try FakeCamera([("BA81", 640, 480, 30)])
  let library = try FakeCamera([("RGB3", 640, 480, 30)])
  library.fake.pointee.system.open = { _, _ in 100 }
  let frame = try #require(try camera.source(converting: { rf_fake_system(library.fake) }).next())
  #expect(frame.frame.format == .rgb)
  #expect(camera.news == ["/dev/video0: Fake camera, 640 x 480 RGB3, 30 frames per second, converted by libv4l2"])
}

@Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"))
func aFrameCostsNoMemory() throws {
  let camera = try FakeCamera()
  let source = camera.source()
  try camera.run(source, frames: 3)
  let before = rf_allocation_count()
  for _ in 0..<20 { _ = try source.next() }
  let allocations = rf_allocation_count() - before
  #expect(allocations <= 20 * 2, "\(allocations) in 20 frames")
}

@Test func everyCameraIsListed() throws {
  let camera = try FakeCamera([("YUYV", 640, 480, 30), ("MJPG", 1280, 720, 7.5), ("BA81", 640, 480, 30)])
  let devices = camera.path.replacingOccurrences(of: "/video0", with: "")
  #expect(rf_file_replace("\(devices)/video0", [UInt8(0)], 1) == 0)
  var lines: [String] = []
  #expect(listCameras(rf_fake_system(camera.fake)) { lines.append($0.replacingOccurrences(of: devices, with: "")) } == 1)
  #expect(lines == ["/video0: Fake camera (, )", "  YUYV  640x480@30", "  MJPG  1280x720@7.5", "  BA81 (only by libv4l2)  640x480@30"])
  camera.fake.pointee.is_metadata = 1
  #expect(listCameras(rf_fake_system(camera.fake)) { _ in } == 0)
  #expect(camera.fake.pointee.open_files == 0)
}
