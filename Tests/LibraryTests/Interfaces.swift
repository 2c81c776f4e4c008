// A detector of each interface with equal options.
import CModel
import CRetinaFace
import Engine
import RetinaFace
import TestRandom
import Testing

final class Interfaces {
  let detector: Detector
  private var cDetector: OpaquePointer?

  init(width: Int, height: Int, threshold: Float = 0) throws {
    var count = 0
    let bytes = rf_default_model(&count)
    let model = try Model(bytes: UnsafeRawBufferPointer(start: bytes, count: count))
    var settings = Detector.Options()
    (settings.threshold, settings.maxFaces) = (threshold, 20)
    detector = try Detector(model: model, width: width, height: height, options: settings)
    var options = retinaface_options()
    #expect(retinaface_options_default(&options, MemoryLayout<retinaface_options>.size) == RETINAFACE_OK)
    (options.width, options.height, options.threshold, options.max_faces) = (Int32(width), Int32(height), threshold, 20)
    try #require(retinaface_detector_create(&options, &cDetector) == RETINAFACE_OK)
  }

  deinit { retinaface_detector_destroy(cDetector) }

  func detectByC(_ image: retinaface_image) -> UnsafeBufferPointer<retinaface_face> {
    var image = image
    var faces: UnsafePointer<retinaface_face>?
    let count = retinaface_detect(cDetector, &image, &faces)
    return UnsafeBufferPointer(start: faces, count: max(0, Int(count)))
  }
}

func isEqual(_ c: retinaface_face, _ swift: Face) -> Bool {
  let points = [c.points.0, c.points.1, c.points.2, c.points.3, c.points.4]
  let box = swift.box
  return c.score == swift.score && c.x1 == box.x1 && c.y1 == box.y1 && c.x2 == box.x2 && c.y2 == box.y2 && c.id == swift.id ?? 0
    && (0..<5).allSatisfy { points[$0].x == swift.landmarks[$0].x && points[$0].y == swift.landmarks[$0].y }
}

func noise(_ count: Int, seed: UInt64 = 5) -> [UInt8] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}
