// The detector of the C interface.
import CHost
import CRetinaFace
import Engine
import Imaging
import RetinaFace

/// A detector, its threads and the memory of its results.
final class LibraryDetector {
  private let detector: Detector
  private let pool: OpaquePointer?
  private let faces: UnsafeMutableBufferPointer<retinaface_face>

  init(_ detector: Detector, pool: OpaquePointer?) {
    self.detector = detector
    self.pool = pool
    faces = .allocate(capacity: detector.faceCapacity)
  }

  deinit {
    rf_thread_pool_stop(pool)
    faces.deallocate()
  }

  /// Returns the faces of a frame, valid until the next call.
  func detect(_ frame: Frame) -> UnsafeBufferPointer<retinaface_face> {
    let found = detector.detect(frame)
    for index in found.indices { faces.initializeElement(at: index, to: retinaface_face(found[index])) }
    return UnsafeBufferPointer(rebasing: faces[..<found.count])
  }
}

@c @implementation
public func retinaface_detector_create(
  _ options: UnsafePointer<retinaface_options>?, _ detector: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  detector?.pointee = nil
  guard let options, let detector else { return Int32(RETINAFACE_NULL_POINTER) }
  guard var creation = DetectorCreation(options) else { return Int32(RETINAFACE_BAD_OPTION) }
  let status = creation.createDetector()
  detector.pointee = creation.detector
  return status
}

@c @implementation
public func retinaface_arena_size(_ options: UnsafePointer<retinaface_options>?, _ size: UnsafeMutablePointer<Int>?) -> Int32 {
  size?.pointee = 0
  guard let options, let size else { return Int32(RETINAFACE_NULL_POINTER) }
  guard var creation = DetectorCreation(options) else { return Int32(RETINAFACE_BAD_OPTION) }
  let status = creation.run(.plan)
  size.pointee = creation.arenaBytes
  return status
}

@c @implementation
public func retinaface_detector_destroy(_ detector: OpaquePointer?) {
  guard let detector else { return }
  Unmanaged<LibraryDetector>.fromOpaque(UnsafeRawPointer(detector)).release()
}

@c @implementation
public func retinaface_detect(
  _ detector: OpaquePointer?, _ image: UnsafePointer<retinaface_image>?, _ faces: UnsafeMutablePointer<UnsafePointer<retinaface_face>?>?
) -> Int32 {
  faces?.pointee = nil
  guard let detector, let image, let faces else { return Int32(RETINAFACE_NULL_POINTER) }
  let frame: Frame
  do { frame = try Frame(image.pointee) } catch { return error.status }
  let found = Unmanaged<LibraryDetector>.fromOpaque(UnsafeRawPointer(detector)).takeUnretainedValue().detect(frame)
  faces.pointee = found.baseAddress
  return Int32(found.count)
}
