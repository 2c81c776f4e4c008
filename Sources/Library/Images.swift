// Converts images and faces between the C interface and the modules.
import CRetinaFace
import Imaging
import RetinaFace

/// Why an image cannot be used.
struct ImageFailure: Error {
  let status: Int32
}

extension Frame {
  /// Creates a view of an image whose planes the caller guarantees to be complete.
  init(_ image: retinaface_image) throws(ImageFailure) {
    guard let format = PixelFormat(image.format) else { throw ImageFailure(status: Int32(RETINAFACE_BAD_FORMAT)) }
    guard let first = image.planes.0 else { throw ImageFailure(status: Int32(RETINAFACE_NULL_POINTER)) }
    do {
      try self.init(
        format, width: Int(image.width), height: Int(image.height), range: image.is_full_range == 0 ? .limited : .full,
        planes: (first, image.planes.1, image.planes.2),
        strideBytes: (Int(image.strides.0), Int(image.strides.1), Int(image.strides.2)))
    } catch {
      if case .size = error { throw ImageFailure(status: Int32(RETINAFACE_BAD_SIZE)) }
      throw ImageFailure(status: Int32(RETINAFACE_BAD_STRIDE))
    }
  }
}

extension PixelFormat {
  /// - Parameter format: a `retinaface_format`, unchecked.
  fileprivate init?(_ format: Int32) {
    switch retinaface_format(rawValue: UInt32(bitPattern: format)) {
    case RETINAFACE_RGB: self = .rgb
    case RETINAFACE_BGR: self = .bgr
    case RETINAFACE_GRAY: self = .gray
    case RETINAFACE_YUYV: self = .yuyv
    case RETINAFACE_UYVY: self = .uyvy
    case RETINAFACE_NV12: self = .nv12
    case RETINAFACE_I420: self = .i420
    case RETINAFACE_RGBX: self = .rgbx
    case RETINAFACE_BGRX: self = .bgrx
    case RETINAFACE_NV21: self = .nv21
    case RETINAFACE_NV16: self = .nv16
    default: return nil
    }
  }
}

extension retinaface_face {
  init(_ face: Face) {
    func point(_ index: Int) -> retinaface_point { retinaface_point(x: face.landmarks[index].x, y: face.landmarks[index].y) }
    self.init(
      score: face.score, x1: face.box.x1, y1: face.box.y1, x2: face.box.x2, y2: face.box.y2,
      points: (point(0), point(1), point(2), point(3), point(4)), id: face.id ?? 0)
  }
}

extension Landmarks {
  /// - Parameter points: five points.
  init(_ points: UnsafePointer<retinaface_point>) {
    func point(_ index: Int) -> FramePoint { FramePoint(x: points[index].x, y: points[index].y) }
    self.init(leftEye: point(0), rightEye: point(1), nose: point(2), leftMouthCorner: point(3), rightMouthCorner: point(4))
  }
}

extension Face {
  init(_ face: retinaface_face) {
    let points = face.points
    func point(_ point: retinaface_point) -> FramePoint { FramePoint(x: point.x, y: point.y) }
    self.init(
      score: face.score, box: Box(x1: face.x1, y1: face.y1, x2: face.x2, y2: face.y2),
      landmarks: Landmarks(
        leftEye: point(points.0), rightEye: point(points.1), nose: point(points.2), leftMouthCorner: point(points.3),
        rightMouthCorner: point(points.4)))
  }
}

@c @implementation
public func retinaface_align(
  _ image: UnsafePointer<retinaface_image>?, _ points: UnsafePointer<retinaface_point>?, _ rgb: UnsafeMutablePointer<UInt8>?
) -> Int32 {
  guard let image, let points, let rgb else { return Int32(RETINAFACE_NULL_POINTER) }
  let frame: Frame
  do { frame = try Frame(image.pointee) } catch { return error.status }
  let landmarks = Landmarks(points)
  guard Face(score: 0, box: Box(x1: 0, y1: 0, x2: 0, y2: 0), landmarks: landmarks).isInReach else { return Int32(RETINAFACE_BAD_FACE) }
  return Int32(frame.alignFace(landmarks, into: rgb) ? RETINAFACE_OK : RETINAFACE_BAD_FACE)
}
