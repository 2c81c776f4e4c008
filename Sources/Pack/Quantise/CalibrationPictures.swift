// The pictures that show which values a network's maps take: some of a folder, evenly spread over its sorted names, so that
// collections in folders of their own all have a share. They are converted to an int8 network's input: bytes in its channel order.
import Capture
import Engine
import Foundation
import Imaging

/// A picture at the network's input size.
struct CalibrationPicture {
  let width: Int
  let height: Int
  /// [height][width][3] in the network's channel order.
  let bytes: [UInt8]

  /// One colour shows no values but one a map: nothing can be learnt from it.
  var isFlat: Bool { bytes.indices.dropFirst(3).allSatisfy { bytes[$0] == bytes[$0 - 3] } }

  /// The frame with its long side scaled down to `CalibrationPictures.longestSide`, if it is longer.
  init(_ frame: Frame, order: Graph.ChannelOrder) {
    let scale = min(1, Double(CalibrationPictures.longestSide) / Double(max(frame.width, frame.height)))
    let (width, height) = (max(1, Int(Double(frame.width) * scale)), max(1, Int(Double(frame.height) * scale)))
    var values = [Float](repeating: 0, count: width * height * 3)
    values.withUnsafeMutableBufferPointer {
      let input = NetworkInput(
        base: $0.baseAddress!, rowStride: 3 * width, width: width, height: height,
        order: order == .bgr ? .bgr : .rgb, mean: (0, 0, 0))
      let (across, down) = (Float(width) / Float(frame.width), Float(height) / Float(frame.height))
      fill(input, from: frame, transform: Transform(scaleX: across, scaleY: down))
    }
    self.init(width: width, height: height, bytes: values.map { UInt8(max(0, min(255, $0.rounded()))) })
  }

  init(width: Int, height: Int, bytes: [UInt8]) { (self.width, self.height, self.bytes) = (width, height, bytes) }
}

package enum CalibrationPictures {
  static let longestSide = 640
  package static let standardCount = 100
  package static let maxCount = 1000

  /// Up to `count` pictures of a folder and those below it; ones that cannot be read are named to `report` and left out.
  static func read(
    folder: String, count: Int, order: Graph.ChannelOrder, report: (String) -> Void
  ) throws(PackError) -> [CalibrationPicture] {
    let names = try names(in: folder, report: report)
    let chosen = (0..<min(count, names.count)).map { names[$0 * names.count / min(count, names.count)] }
    var pictures: [CalibrationPicture] = []
    for name in chosen {
      do throws(CaptureError) {
        let source = try Source.open("\(folder)/\(name)")
        guard let frame = try source.next() else { continue }
        // The frame lies in the source's memory.
        pictures.append(withExtendedLifetime(source) { CalibrationPicture(frame.frame, order: order) })
      } catch { report("left out: \(error.message)") }
    }
    guard !pictures.isEmpty else {
      throw .calibration("none of the \(chosen.count) pictures of \(folder) that were tried can be read: give JPEG or PNM files")
    }
    let varied = pictures.filter { !$0.isFlat }
    if varied.count < pictures.count { report("left out: \(pictures.count - varied.count) pictures of one flat colour") }
    guard !varied.isEmpty else {
      throw .calibration("all pictures of \(folder) are of one flat colour: give photographs like those that the camera will see")
    }
    return varied
  }

  /// Paths inside the folder that end as pictures' names do, sorted; without hidden files and folders, as rf-cam reads folders.
  /// Folders that cannot be read are named to `report`.
  private static func names(in folder: String, report: (String) -> Void) throws(PackError) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
      let found = FileManager.default.enumerator(atPath: folder)
    else { throw .calibration("\(folder) is not a folder that can be read: name one with pictures") }
    let endings = [".jpg", ".jpeg", ".pnm", ".ppm", ".pgm"]
    var names: [String] = []
    while let name = found.nextObject() as? String {
      if name.split(separator: "/").last?.first == "." {
        found.skipDescendants()
      } else if endings.contains(where: { name.lowercased().hasSuffix($0) }) {
        names.append(name)
      } else if isUnreadableFolder("\(folder)/\(name)") {
        report("left out: \(folder)/\(name): the folder cannot be read: check its permissions")
      }
    }
    guard !names.isEmpty else { throw .calibration("\(folder) holds no picture: give JPEG or PNM files") }
    return names.sorted()
  }

  private static func isUnreadableFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
      && access(path, R_OK | X_OK) != 0
  }
}
