// The C interface gives the faces of the Swift interface, bit for bit, and costs next to nothing.
import CHost
import CRetinaFace
import Engine
import Imaging
import TestRandom
import Testing

@testable import RetinaFace

private let formats: [(retinaface_format, PixelFormat)] = [
  (RETINAFACE_RGB, .rgb), (RETINAFACE_BGR, .bgr), (RETINAFACE_GRAY, .gray), (RETINAFACE_YUYV, .yuyv), (RETINAFACE_UYVY, .uyvy),
  (RETINAFACE_NV12, .nv12), (RETINAFACE_I420, .i420), (RETINAFACE_RGBX, .rgbx), (RETINAFACE_BGRX, .bgrx), (RETINAFACE_NV21, .nv21),
  (RETINAFACE_NV16, .nv16),
]

@Test(arguments: formats)
func detectedFacesAreThoseOfSwift(c: retinaface_format, swift: PixelFormat) throws {
  for size in [(width: 160, height: 120), (width: 77, height: 131)] {
    let both = try Interfaces(width: 160, height: 120)
    let bytes = noise(swift.byteCount(width: size.width, height: size.height))
    try bytes.withUnsafeBufferPointer { bytes in
      for isFullRange in [false, true] {
        let frame = try Frame(
          swift, width: size.width, height: size.height, bytes: UnsafeRawBufferPointer(bytes), range: isFullRange ? .full : .limited)
        var image = retinaface_image()
        (image.format, image.width, image.height) = (Int32(c.rawValue), Int32(size.width), Int32(size.height))
        (image.planes.0, image.is_full_range) = (bytes.baseAddress, isFullRange ? 1 : 0)
        let expected = Array(both.detector.detect(frame))
        #expect(expected.count > 5)
        #expect(both.detectByC(image).elementsEqual(expected, by: isEqual))
      }
    }
  }
}

@Test func trackedFacesAreThoseOfSwift() throws {
  let both = try Interfaces(width: 96, height: 96)
  let (tracker, isSmooth) = (Tracker(maxFaces: 20, isSmooth: true), Int32(1))
  var cTracker: OpaquePointer?
  #expect(retinaface_tracker_create(20, isSmooth, &cTracker) == RETINAFACE_OK)
  defer { retinaface_tracker_destroy(cTracker) }
  for step in 0..<12 {
    let bytes = noise(3 * 96 * 96, seed: UInt64(step / 4))
    try bytes.withUnsafeBufferPointer { bytes in
      let frame = try Frame(.rgb, width: 96, height: 96, bytes: UnsafeRawBufferPointer(bytes))
      var image = retinaface_image()
      (image.format, image.width, image.height) = (Int32(RETINAFACE_RGB.rawValue), 96, 96)
      image.planes.0 = bytes.baseAddress
      let found = both.detectByC(image)
      let expected = Array(tracker.update(both.detector.detect(frame), seconds: Double(step) / 10))
      var tracked: UnsafePointer<retinaface_face>?
      let count = retinaface_track(cTracker, Double(step) / 10, found.baseAddress, Int32(found.count), &tracked)
      #expect(count == expected.count && count > 5)
      #expect(UnsafeBufferPointer(start: tracked, count: Int(count)).elementsEqual(expected, by: isEqual))
    }
  }
}

@Test(arguments: formats)
func alignedFacesAreThoseOfSwift(c: retinaface_format, swift: PixelFormat) throws {
  let bytes = noise(swift.byteCount(width: 61, height: 47))
  try bytes.withUnsafeBufferPointer { bytes in
    let frame = try Frame(swift, width: 61, height: 47, bytes: UnsafeRawBufferPointer(bytes))
    var image = retinaface_image()
    (image.format, image.width, image.height) = (Int32(c.rawValue), 61, 47)
    image.planes.0 = bytes.baseAddress
    let points = [(20, 10), (40, 12), (30, 22), (22, 33), (38, 34)].map { retinaface_point(x: Float($0.0), y: Float($0.1)) }
    var aligned = [UInt8](repeating: 7, count: 3 * 112 * 112)
    #expect(retinaface_align(&image, points, &aligned) == RETINAFACE_OK)
    let picture = Picture(width: 1, height: 1)
    func point(_ index: Int) -> FramePoint { FramePoint(x: points[index].x, y: points[index].y) }
    let landmarks = Landmarks(
      leftEye: point(0), rightEye: point(1), nose: point(2), leftMouthCorner: point(3), rightMouthCorner: point(4))
    #expect(picture.cropFace(landmarks, from: frame))
    #expect(aligned.elementsEqual(UnsafeBufferPointer(start: picture.pixels, count: aligned.count)))
  }
}

#if !DEBUG
/// Both interfaces detect in turn; the smallest network, so that little else is measured. The median of pairs is robust against other
/// load of the machine.
@Test func aCallCostsLessThanFiveMicrosecondsMoreThanInSwift() throws {
  let both = try Interfaces(width: 16, height: 16)
  let bytes = noise(3 * 16 * 16)
  try bytes.withUnsafeBufferPointer { bytes in
    let frame = try Frame(.rgb, width: 16, height: 16, bytes: UnsafeRawBufferPointer(bytes))
    var image = retinaface_image()
    (image.format, image.width, image.height) = (Int32(RETINAFACE_RGB.rawValue), 16, 16)
    image.planes.0 = bytes.baseAddress
    #expect(!both.detectByC(image).isEmpty)
    let differences = (0..<2000).map { _ in
      let start = rf_seconds()
      _ = both.detectByC(image)
      let middle = rf_seconds()
      _ = both.detector.detect(frame)
      return (middle - start) - (rf_seconds() - middle)
    }
    let median = differences.sorted()[differences.count / 2] * 1e6
    print("overhead of a call: \(median) microseconds")
    #expect(median < 5)
  }
}
#endif
