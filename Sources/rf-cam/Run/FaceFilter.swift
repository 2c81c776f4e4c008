// --min-face, --max-face and --zone: the faces that a run is about. All outputs and tracks have these faces only.
import RetinaFace

/// Selects faces by size and place, with memory for the faces of one frame.
final class FaceFilter {
  private let sides: ClosedRange<Float>
  private let zones: [Zone]
  private var kept: UnsafeMutableBufferPointer<Face>

  /// nil where the options select all faces.
  init?(_ options: Options) {
    sides = options.minFace...max(options.minFace, options.maxFace)
    zones = options.zones
    kept = .allocate(capacity: 16)
    if options.minFace == 0, options.maxFace == .infinity, zones.isEmpty { return nil }
  }

  /// Returns the selected faces, valid until the next call.
  ///
  /// - Parameters:
  ///   - faces: in pixels of a frame of this size.
  func select(_ faces: Faces, width: Int, height: Int) -> Faces {
    if faces.count > kept.count {
      kept.deallocate()
      kept = .allocate(capacity: 2 * faces.count)
    }
    var count = 0
    for face in faces where sides.contains(max(face.box.width, face.box.height)) {
      guard zones.isEmpty || zones.contains(where: { $0.contains(face.box, width: width, height: height) }) else { continue }
      kept.initializeElement(at: count, to: face)
      count += 1
    }
    return Faces(storage: UnsafeBufferPointer(rebasing: kept[..<count]))
  }

  deinit { kept.deallocate() }
}
