// Finds a camera again after it was unplugged: its device number may change, its port and serial number do not.
import CHost
import CVideo

/// The name of a camera, and its identity after it was opened once.
struct CameraPlace {
  /// The name that the user gave.
  let argument: FilePath
  private let system: UnsafePointer<rf_video_system>
  /// The argument is a link, as those in /dev/v4l/by-id: its target is the user's choice and needs no search.
  private let isLink: Bool
  /// Accepts any camera, for machines that have one.
  let isAny: Bool
  private var identity: rf_video_identity?
  /// No other connected camera has the same serial number.
  private var isSerialUnique = false

  init(_ argument: FilePath, _ system: UnsafePointer<rf_video_system>, isAny: Bool = false) {
    self.isAny = isAny
    self.argument = argument
    self.system = system
    var info = rf_file_info()
    isLink = argument.withCString { rf_file_look($0, &info) } == 0 && info.is_link != 0
  }

  /// Stores the identity of the open device at `path`.
  mutating func remember(_ path: FilePath) {
    let node = path.lastComponent
    guard !isLink, let found = identify(node) else { return }
    identity = found
    isSerialUnique = !nodes().contains { other in
      !other.isSame(as: node) && identify(other).map { isSameUnit($0, found) } == true
    }
  }

  /// Returns the camera's present path; `nil` if it is not connected.
  func find() -> FilePath? {
    if let identity, identity.port.0 != 0 {
      let all = nodes()
      let found =
        all.first { identify($0).map { isSamePort($0, identity) } == true }
        ?? (isSerialUnique ? all.first { identify($0).map { isSameUnit($0, identity) } == true } : nil)
      if let found { return FilePath(system.pointee.devices).appending(found) }
      return isAny ? firstCapturing() : nil
    }
    // Devices without hardware (v4l2loopback) have a number only.
    return isAny ? firstCapturing() : argument
  }

  /// Returns the capture device with the lowest number. Opens each node to find out, because names do not show it.
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
