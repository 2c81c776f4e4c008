// Implements --list-devices: lists the cameras with their stable names and modes.
import CHost
import CVideo
import Host

/// Describes every capture device of the system in the order of their names, several lines each.
///
/// - Parameter line: called once per line, without the line end.
/// - Returns: the number of devices.
public func listCameras(_ line: (String) -> Void) -> Int { listCameras(rf_video_linux(), line) }

func listCameras(_ system: UnsafePointer<rf_video_system>, _ line: (String) -> Void) -> Int {
  let folder = FilePath(system.pointee.devices)
  var count = 0
  for path in videoNodes(system) {
    let video = UnsafeMutablePointer<rf_video>.allocate(capacity: 1)
    video.initialize(to: rf_video())
    defer { video.deallocate() }
    let result = path.withCString { rf_video_open(video, system, $0) }
    guard result == 0 else {
      line("\(path.text): cannot be opened (\(Errno(negative: result).message))")
      continue
    }
    defer { rf_video_close(video) }
    guard rf_video_can_capture(video) != 0 else { continue }
    count += 1
    describe(video, path, folder, line)
  }
  return count
}

/// Returns the paths of all video devices in the order of their numbers.
func videoNodes(_ system: UnsafePointer<rf_video_system>) -> [FilePath] {
  let folder = FilePath(system.pointee.devices)
  return names(in: folder).filter { suffix(of: $0.text, after: "video") != nil }.map { folder.appending($0) }
}

private func describe(
  _ video: UnsafeMutablePointer<rf_video>, _ path: FilePath, _ folder: FilePath,
  _ line: (String) -> Void
) {
  line(
    "\(path.text): \(String(cString: rf_video_card(video))) (\(String(cString: rf_video_driver(video))), "
      + "\(String(cString: rf_video_bus(video))))")
  for kind in ["/v4l/by-id", "/v4l/by-path"] {
    let links = FilePath(folder.text + kind)
    for link in names(in: links) where leads(links.appending(link), to: path) { line("  \(links.appending(link).text)") }
  }
  for code in video.formatCodes() {
    let fourCC = FourCC(code: code)
    var text = "  \(fourCC.text)\(CameraFormat(code: code) == nil ? " (only by libv4l2)" : "")"
    for size in video.sizes(of: code) { text += "  \(describe(size))" }
    line(text)
  }
}

/// Formats 640x480@30,15 or 16x16...1920x1080@1...60.
private func describe(_ size: CameraSize) -> String {
  var text = size.smallest.map { "\($0.width)x\($0.height)..." } ?? ""
  text += "\(size.width)x\(size.height)"
  for (index, rate) in size.rates.enumerated() { text += (index > 0 ? "," : size.isRateRange ? "@up to " : "@") + rateText(rate) }
  return text
}

private func names(in folder: FilePath) -> [FilePath] {
  guard let stream = folder.withCString({ opendir($0) }) else { return [] }
  defer { closedir(stream) }
  var names: [FilePath] = []
  while let name = rf_folder_next(stream) { names.append(FilePath(name)) }
  // video2 precedes video10.
  names.sort { a, b in
    let (left, right) = (a.text.utf8.count, b.text.utf8.count)
    return left == right ? FilePath.precedes(a, b) : left < right
  }
  return names
}

private func leads(_ link: FilePath, to path: FilePath) -> Bool {
  var first = stat(), second = stat()
  return link.withCString { stat($0, &first) } == 0 && path.withCString { stat($0, &second) } == 0
    && first.st_rdev == second.st_rdev
}
