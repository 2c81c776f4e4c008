// Where a camera is found again after it was unplugged: its number may be another one then, its port or serial number is not.
import CHost
import CVideo

/// A camera's name, and what it is known by once it has been open.
struct CameraPlace {
  let argument: FilePath
  private let system: UnsafePointer<rf_video_system>
  /// A link, such as those in /dev/v4l/by-id, is the user's own choice of what stays the same.
  private let isLink: Bool
  /// Whichever camera there is, for machines that have one.
  let isAny: Bool
  private var identity: rf_video_identity?
  /// No other camera that was there has the same serial number.
  private var isSerialUnique = false

  init(_ argument: FilePath, _ system: UnsafePointer<rf_video_system>, isAny: Bool = false) {
    self.isAny = isAny
    self.argument = argument
    self.system = system
    var info = rf_file_info()
    isLink = argument.withCString { rf_file_look($0, &info) } == 0 && info.is_link != 0
  }

  /// Learns what the device at `path`, which is open, is known by.
  mutating func remember(_ path: FilePath) {
    let node = path.lastComponent
    guard !isLink, let found = identify(node) else { return }
    identity = found
    isSerialUnique = !nodes().contains { other in
      !other.isSame(as: node) && identify(other).map { isSameUnit($0, found) } == true
    }
  }

  /// The path that the camera has now; `nil` where it is not connected.
  func find() -> FilePath? {
    if let identity, identity.port.0 != 0 {
      let all = nodes()
      let found = all.first { identify($0).map { isSamePort($0, identity) } == true }
        ?? (isSerialUnique ? all.first { identify($0).map { isSameUnit($0, identity) } == true } : nil)
      if let found { return FilePath(system.pointee.devices).appending(found) }
      return isAny ? firstCapturing() : nil
    }
    // Devices without hardware (v4l2loopback) have nothing but their number.
    return isAny ? firstCapturing() : argument
  }

  /// The lowest number that captures: opened and closed again, for a node's name does not tell.
  private func firstCapturing() -> FilePath? {
    for node in videoNodes(system) {
      var video = rf_video()
      defer { rf_video_close(&video) }
      if node.withCString({ rf_video_open(&video, system, $0) }) == 0, rf_video_can_capture(&video) != 0 { return node }
    }
    return nil
  }

  private func nodes() -> [FilePath] {
    guard let folder = opendir(system.pointee.classes) else { return [] }
    defer { closedir(folder) }
    var nodes: [FilePath] = []
    while let name = rf_folder_next(folder) { nodes.append(FilePath(name)) }
    nodes.sort(by: FilePath.precedes)
    return nodes
  }

  private func identify(_ node: FilePath) -> rf_video_identity? {
    var identity = rf_video_identity()
    return node.withCString { rf_video_identify(system, $0, &identity) } == 0 ? identity : nil
  }
}

private func isSamePort(_ a: rf_video_identity, _ b: rf_video_identity) -> Bool {
  withUnsafePointer(to: a) { a in withUnsafePointer(to: b) { b in rf_identity_is_same_port(a, b) != 0 } }
}

private func isSameUnit(_ a: rf_video_identity, _ b: rf_video_identity) -> Bool {
  withUnsafePointer(to: a) { a in withUnsafePointer(to: b) { b in rf_identity_is_same_unit(a, b) != 0 } }
}
