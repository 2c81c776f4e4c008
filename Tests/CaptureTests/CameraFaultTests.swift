import CFakeCamera
import CVideo
import Foundation
import Testing

// Every failure of a camera, on the fake one: the source continues or comes back, reports it in one line, counts it,
// and leaves nothing open. The rows are those of Tests/Cameras/README.md.
@testable import Capture

@Test(arguments: [
  (RF_FAKE_FLAGGED, "the driver flags it as damaged"), (RF_FAKE_SHORT, "it is short (307200 bytes"),
  (RF_FAKE_EMPTY, "it is empty"),
])
func aBadFrameIsSkippedAndCounted(event: rf_fake_event, reason: String) throws {
  let camera = try FakeCamera()
  camera.schedule(event, at: 2)
  let source = camera.source()
  let frames = try camera.run(source, frames: 5)
  #expect(frames.map(\.index) == [0, 1, 3, 4, 5])
  #expect(source.counts.skipped == 1 && source.counts.reconnects == 0)
  #expect(camera.troubles.count == 1 && camera.troubles[0].hasPrefix("/dev/video0: frame 2 skipped: \(reason)"), "\(camera.troubles)")
}

@Test func manyBadFramesAreALineASecond() throws {
  let camera = try FakeCamera()
  for frame in 1...90 { camera.schedule(RF_FAKE_FLAGGED, at: frame) }
  let source = camera.source()
  try camera.run(source, frames: 3)
  #expect(source.counts.skipped == 90)
  #expect((3...4).contains(camera.troubles.count), "\(camera.troubles)")
  #expect(camera.troubles[1].hasSuffix("(and 29 since the last time)"), "\(camera.troubles)")
}

@Test func aGapInTheSequenceIsDropped() throws {
  let camera = try FakeCamera()
  for frame in [3, 4, 7] { camera.schedule(RF_FAKE_LOST, at: frame) }
  let source = camera.source()
  try camera.run(source, frames: 10)
  #expect(source.counts.dropped == 3 && source.counts.skipped == 0 && source.counts.reconnects == 0)
  #expect(camera.troubles.isEmpty)
}

@Test func aDamagedJPEGIsSkipped() throws {
  let whole = try fixture("pictures/group.jpg")
  for (bytes, reason) in [
    (Array(whole[..<(whole.count / 2)]), "it is cut off"), (Array(whole[..<300]), "it is"),
    ([UInt8](repeating: 7, count: 9000), "it cannot be decoded"),
  ] {
    let camera = try FakeCamera([("MJPG", 640, 480, 30)])
    camera.give(bytes)
    camera.fake.pointee.stop_seconds = 1.5
    let source = camera.source()
    #expect(try camera.run(source, frames: 5).isEmpty)
    #expect(source.counts.skipped > 5)
    #expect(camera.troubles.first?.contains("frame 0 skipped: \(reason)") == true, "\(camera.troubles)")
  }
  let camera = try FakeCamera([("MJPG", 640, 480, 30)])
  camera.give(whole + [UInt8](repeating: 0xAB, count: 3000))
  #expect(try camera.run(camera.source(), frames: 3).count == 3, "bytes after the picture do no harm")
}

/// Example: an HDMI adapter whose signal has another size than negotiated.
@Test func aJPEGOfAnotherSizeHasItsOwn() throws {
  let camera = try FakeCamera([("MJPG", 1280, 720, 30)])
  camera.give(try fixture("pictures/group.jpg"))
  let source = camera.source()
  let frames = try camera.run(source, frames: 5)
  #expect(frames.count == 5 && frames.allSatisfy { ($0.width, $0.height) == (640, 480) })
  #expect(source.counts == CameraCounts() && camera.troubles.isEmpty && camera.fake.pointee.opens == 1)
  #expect(camera.news.last == "/dev/video0: frames have 640 x 480 pixels now, 1280 x 720 before")
  #expect(camera.news.count == 2, "told once: \(camera.news)")
}

/// Raw frames that stay short differ from the negotiated size: reopening negotiates it again.
@Test(arguments: [RF_FAKE_SHORT, RF_FAKE_FLAGGED, RF_FAKE_EMPTY])
func aCameraOfBadFramesOnlyIsOpenedAgain(event: rf_fake_event) throws {
  let camera = try FakeCamera()
  for frame in 5..<240 { camera.schedule(event, at: frame) }
  let source = camera.source()
  #expect(try camera.run(source, frames: 10).count == 10)
  #expect(camera.fake.pointee.opens == 2 && source.counts.reconnects == 1)
  let told = camera.troubles.filter { $0.contains("only bad frames for 5 s") && $0.hasSuffix("; opening it again") }
  #expect(told.count == 1 && camera.troubles.count <= 6, "\(camera.troubles)")
  #expect(camera.news.last?.hasPrefix("/dev/video0: back after ") == true, "\(camera.news)")
}

@Test func aCameraOfBadFramesForEverIsToldOnce() throws {
  let camera = try FakeCamera()
  for frame in 0..<4000 { camera.schedule(RF_FAKE_SHORT, at: frame) }
  camera.fake.pointee.stop_seconds = 100
  let source = camera.source()
  #expect(try camera.run(source, frames: 1).isEmpty)
  #expect(camera.fake.pointee.opens > 5 && camera.troubles.count <= 6, "\(camera.troubles)")
}

@Test func aStreamErrorIsMendedByOpeningAgain() throws {
  let camera = try FakeCamera()
  camera.schedule(RF_FAKE_STREAM_ERROR, at: 5)
  let source = camera.source()
  #expect(try camera.run(source, frames: 20).count == 20)
  #expect(source.counts.reconnects == 1)
  #expect(camera.troubles == ["/dev/video0: reading a frame failed (Input/output error); opening it again"])
  #expect(camera.news.last?.hasPrefix("/dev/video0: back after 0.0") == true, "\(camera.news)")
  #expect(camera.fake.pointee.now < 2.8)
}

/// A loose plug: the messages of a minute.
@Test func aCameraThatFailsAgainAndAgainIsOpenedLessOften() throws {
  let camera = try FakeCamera()
  for frame in 1..<4000 where frame % 3 == 0 { camera.schedule(RF_FAKE_STREAM_ERROR, at: frame) }
  camera.fake.pointee.stop_seconds = 61
  let source = camera.source()
  try camera.run(source, frames: 10_000)
  #expect((10...25).contains(source.counts.reconnects), "\(source.counts)")
  #expect(camera.troubles.count + camera.news.count <= 60)
}

@Test func anUnpluggedCameraComesBackUnderItsNumber() throws {
  let camera = try FakeCamera()
  camera.schedule(RF_FAKE_UNPLUGGED, at: 5)
  camera.fake.pointee.away_seconds = 7.3
  let source = camera.source()
  try camera.run(source, frames: 6)
  // Reported once, regardless of the number of attempts; the old file was closed before.
  #expect(
    camera.troubles.count == 2 && camera.troubles[0].contains("No such device") && camera.troubles[1].contains("not connected"),
    "\(camera.troubles)")
  #expect(camera.fake.pointee.was_open_at_return == 0)
  // It is back within 1.3 s of its return.
  #expect(camera.fake.pointee.now < 1.2 + 7.3 + 1.3)
  #expect(source.counts.reconnects == 1)
}

/// While the detector is busy: returning the buffer reveals the loss.
@Test func aCameraThatGoesWhileAFrameIsLookedAtIsToldOnce() throws {
  let camera = try FakeCamera()
  camera.schedule(RF_FAKE_UNPLUGGED, at: 5)
  camera.fake.pointee.away_seconds = 0.5
  let source = camera.source()
  try camera.run(source, frames: 12, seconds: 0.05)
  #expect(source.counts.reconnects == 1)
  #expect(
    camera.troubles.filter { $0.contains("No such device") }.count == 1 && !camera.troubles.contains { $0.contains("refused") },
    "\(camera.troubles)")
}

/// The camera sits at the same port, but another device took its number.
@Test func aCameraIsFoundUnderAnotherNumber() throws {
  let camera = try FakeCamera()
  camera.schedule(RF_FAKE_UNPLUGGED, at: 5)
  camera.fake.pointee.away_seconds = 2
  let source = camera.source()
  try camera.run(source, frames: 5)
  camera.fake.pointee.open_files += 1  // another program keeps the old one open
  try camera.run(source, frames: 5)
  #expect(camera.fake.pointee.node == 1)
  #expect(camera.news.last?.hasPrefix("/dev/video0: back as /dev/video1 after 2") == true, "\(camera.news)")
}

@Test func aHangIsNoticedByADeadline() throws {
  let camera = try FakeCamera()
  camera.schedule(RF_FAKE_HANG, at: 10)
  camera.fake.pointee.away_seconds = 20
  let source = camera.source()
  try camera.run(source, frames: 11)
  #expect(camera.troubles.first?.hasPrefix("/dev/video0: no frame for 2") == true, "\(camera.troubles)")
  #expect(camera.troubles.count <= 3)
  #expect(source.counts.reconnects == 1)
  #expect(camera.fake.pointee.now < 1.4 + 20 + 5)
}

@Test func aSlowCameraIsNoHang() throws {
  let camera = try FakeCamera([("YUYV", 640, 480, 0.5)])
  try camera.run(camera.source(), frames: 5)
  #expect(camera.troubles.isEmpty)
}

/// Example: a virtual machine that was frozen for a minute.
@Test func aMachineThatStoodStillIsNoHang() throws {
  let camera = try FakeCamera()
  let source = camera.source()
  try camera.run(source, frames: 5)
  camera.fake.pointee.halt_seconds = 60
  try camera.run(source, frames: 5)
  #expect(camera.fake.pointee.now > 61 && camera.fake.pointee.opens == 1)
  #expect(source.counts.reconnects == 0 && camera.troubles.isEmpty)
}

@Test func onceFailingCallsAreTriedAgain() throws {
  for call in [\rf_fake.failing_buffer_request, \rf_fake.failing_start] {
    let camera = try FakeCamera()
    camera.fake.pointee[keyPath: call] = 1
    let source = camera.source()
    #expect(try camera.run(source, frames: 2).count == 2)
    #expect(camera.fake.pointee.opens == 2 && source.counts == CameraCounts())
  }
  let camera = try FakeCamera()
  camera.fake.pointee.failing_give = 7
  let source = camera.source()
  #expect(try camera.run(source, frames: 30).count == 30)
  #expect(source.counts.reconnects == 0 && camera.fake.pointee.opens == 1)
  #expect(camera.troubles == ["/dev/video0: the driver refused a buffer; offering it again"])
}

@Test func aCameraThatNeverStartsIsAnError() throws {
  let camera = try FakeCamera()
  camera.fake.pointee.busy_until_seconds = -1
  camera.fake.pointee.system.wait = { _, _, _ in 0 }
  camera.fake.pointee.system.control = { _, _, _, _ in -EIO }
  let source = camera.source()
  #expect(throws: CaptureError.camera(name: camera.path, reason: "opening failed (Input/output error)")) { try source.next() }
  #expect(try camera.run(source, frames: 1).isEmpty, "told once")
  #expect(camera.fake.pointee.open_files == 0 && camera.fake.pointee.opens == 5)
}

@Test func aBusyCameraIsWaitedFor() throws {
  let camera = try FakeCamera()
  camera.fake.pointee.busy_until_seconds = 12
  let source = camera.source()
  #expect(try camera.run(source, frames: 1).count == 1)
  #expect(camera.troubles.count == 1 && camera.troubles[0].hasPrefix("/dev/video0: in use by a program"), "\(camera.troubles)")
  #expect(camera.troubles[0].hasSuffix("waiting for it"))
  #expect(camera.fake.pointee.now < 13.2)
}

@Test func aStopEndsEveryWait() throws {
  // While a camera is away, hangs, is busy, or just gives frames.
  for event in [RF_FAKE_UNPLUGGED, RF_FAKE_HANG, RF_FAKE_GOOD] {
    let camera = try FakeCamera()
    for frame in 5..<20 { camera.schedule(event, at: frame) }
    camera.fake.pointee.away_seconds = 1000
    camera.fake.pointee.stop_seconds = 9
    let source = camera.source()
    try camera.run(source, frames: 10_000)
    #expect(camera.fake.pointee.now < 9.5)
  }
  let busy = try FakeCamera()
  busy.fake.pointee.busy_until_seconds = 1000
  busy.fake.pointee.stop_seconds = 3
  #expect(try busy.run(busy.source(), frames: 1).isEmpty)
  #expect(busy.fake.pointee.now < 3.5)
}

@Test func aMissingCameraIsAnError() throws {
  let camera = try FakeCamera()
  camera.fake.pointee.is_away = 1
  camera.fake.pointee.return_seconds = 1e9
  #expect(throws: CaptureError.self) { try camera.source().next() }
}

/// The source of machines with one camera: it may come later, and another may come in its place.
@Test func anyCameraIsWaitedFor() throws {
  let camera = try FakeCamera()
  camera.fake.pointee.has_node_file = 1
  let source = camera.source(named: Source.anyCamera)
  rf_fake_unplug(camera.fake, 6)
  #expect(try camera.run(source, frames: 3).count == 3)
  #expect(camera.troubles == ["camera: no camera is connected; waiting for one"])
  #expect(camera.news == ["camera is /dev/video0: Fake camera, 640 x 480 YUYV, 30 frames per second"])
  #expect(camera.fake.pointee.now < 1 + 6 + 1.3)
}

@Test func twoHundredUnplugsLeaveOneFileAndItsBuffers() throws {
  let camera = try FakeCamera()
  for unplug in 0..<200 { camera.schedule(RF_FAKE_UNPLUGGED, at: 10 + 10 * unplug) }
  camera.fake.pointee.away_seconds = 1.5
  let source = camera.source()
  while source.counts.reconnects < 200 { _ = try source.next() }
  #expect(camera.fake.pointee.open_files == 1 && camera.fake.pointee.most_open_files == 1)
  #expect(camera.fake.pointee.maps == 4)
}

/// Two devices of one name and one serial number: what identifies a camera is then its port alone.
@Test func camerasAreToldApart() throws {
  let folder = try TemporaryFolder()
  func node(_ name: String, port: String, serial: String, index: Int = 0) throws {
    try folder.write("class/\(name)/name", Array("Camera\n".utf8))
    try folder.write("class/\(name)/index", Array("\(index)\n".utf8))
    try folder.write("\(port)/interface/x", [])
    try folder.write("\(port)/serial", Array("\(serial)\n".utf8))
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/class/\(name)/device", withDestinationPath: "\(folder.path)/\(port)/interface")
  }
  let devices = strdup("/dev")!, classes = strdup("\(folder.path)/class")!
  defer {
    free(devices)
    free(classes)
  }
  var system = rf_video_linux().pointee
  system.devices = UnsafePointer(devices)
  system.classes = UnsafePointer(classes)
  try withUnsafePointer(to: system) { system in
    try node("video4", port: "port1", serial: "A")
    try node("video5", port: "port1", serial: "A", index: 1)
    var place = CameraPlace(FilePath("/dev/video4"), system)
    #expect(place.find()?.text == "/dev/video4")
    place.remember(FilePath("/dev/video4"))
    #expect(place.find()?.text == "/dev/video4")
    func move(_ node: String) throws { try FileManager.default.removeItem(atPath: "\(folder.path)/class/\(node)") }
    try move("video4")
    #expect(place.find() == nil, "its second node is not the camera")
    try node("video7", port: "port1", serial: "A")
    #expect(place.find()?.text == "/dev/video7", "the same port under another number")
    try move("video7")
    try node("video4", port: "port2", serial: "B")
    #expect(place.find() == nil, "another camera under its number")
    try node("video8", port: "port3", serial: "A")
    #expect(place.find()?.text == "/dev/video8", "at another port, by its serial number")
    // Twins: the one at the other port must never be taken.
    try node("video9", port: "port4", serial: "A")
    var twin = CameraPlace(FilePath("/dev/video9"), system)
    twin.remember(FilePath("/dev/video9"))
    try move("video9")
    #expect(twin.find() == nil)
  }
}
