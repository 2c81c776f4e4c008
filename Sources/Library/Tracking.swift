// The tracker of the C interface.
import CRetinaFace
import Imaging
import RetinaFace

/// A tracker and the memory of its arguments and results.
final class LibraryTracker {
  private let tracker: Tracker
  private let found: UnsafeMutableBufferPointer<Face>
  private let tracked: UnsafeMutableBufferPointer<retinaface_face>

  init(_ tracker: Tracker) {
    self.tracker = tracker
    found = .allocate(capacity: tracker.faceCapacity)
    tracked = .allocate(capacity: tracker.faceCapacity)
  }

  deinit {
    found.deallocate()
    tracked.deallocate()
  }

  /// Returns the faces of the next frame with ids, valid until the next call; nil if there are too many or one is out of range.
  func update(_ faces: UnsafeBufferPointer<retinaface_face>, seconds: Double) -> UnsafeBufferPointer<retinaface_face>? {
    guard faces.count <= found.count else { return nil }
    for index in faces.indices {
      let face = Face(faces[index])
      guard face.isInReach else { return nil }
      found.initializeElement(at: index, to: face)
    }
    let result = tracker.update(Faces(storage: UnsafeBufferPointer(rebasing: found[..<faces.count])), seconds: seconds)
    for index in result.indices { tracked.initializeElement(at: index, to: retinaface_face(result[index])) }
    return UnsafeBufferPointer(rebasing: tracked[..<result.count])
  }
}

/// The creation of a tracker, which only takes memory.
private struct TrackerCreation {
  let maxFaces: Int
  let isSmooth: Bool
  var tracker: OpaquePointer?

  mutating func create() {
    let created = LibraryTracker(Tracker(maxFaces: maxFaces, isSmooth: isSmooth))
    tracker = OpaquePointer(Unmanaged.passRetained(created).toOpaque())
  }
}

@c @implementation
public func retinaface_tracker_create(
  _ maxFaces: Int32, _ isSmooth: Int32, _ tracker: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  guard let tracker else { return Int32(RETINAFACE_NULL_POINTER) }
  tracker.pointee = nil
  guard maxFaces >= 1, isSmooth == 0 || isSmooth == 1 else { return Int32(RETINAFACE_BAD_OPTION) }
  var creation = TrackerCreation(maxFaces: Int(maxFaces), isSmooth: isSmooth == 1)
  let status = rf_create_guarded(
    {
      $0!.assumingMemoryBound(to: TrackerCreation.self).pointee.create()
      return Int32(RETINAFACE_OK)
    }, &creation, 1)
  tracker.pointee = status == RETINAFACE_OK ? creation.tracker : nil
  return status
}

@c @implementation
public func retinaface_tracker_destroy(_ tracker: OpaquePointer?) {
  guard let tracker else { return }
  Unmanaged<LibraryTracker>.fromOpaque(UnsafeRawPointer(tracker)).release()
}

@c @implementation
public func retinaface_track(
  _ tracker: OpaquePointer?, _ seconds: Double, _ faces: UnsafePointer<retinaface_face>?, _ count: Int32,
  _ tracked: UnsafeMutablePointer<UnsafePointer<retinaface_face>?>?
) -> Int32 {
  tracked?.pointee = nil
  guard let tracker, let tracked, faces != nil || count == 0 else { return Int32(RETINAFACE_NULL_POINTER) }
  guard count >= 0 else { return Int32(RETINAFACE_BAD_FACE) }
  let library = Unmanaged<LibraryTracker>.fromOpaque(UnsafeRawPointer(tracker)).takeUnretainedValue()
  guard let result = library.update(UnsafeBufferPointer(start: faces, count: Int(count)), seconds: seconds) else {
    return Int32(RETINAFACE_BAD_FACE)
  }
  tracked.pointee = result.baseAddress
  return count
}
