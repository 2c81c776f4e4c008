// A picture for the network's bench: a binary PPM (netpbm's ppm(5), maxval 255) or a made pattern.
import CHost
import Engine

struct Pixmap {
  let width: Int
  let height: Int
  /// [height][width] red, green, blue.
  let bytes: [UInt8]

  /// Reads a binary PPM without comments in its header.
  init(file path: String) throws(BenchFailure) {
    let loaded = try load(path)
    defer { withExtendedLifetime(loaded) {} }
    let file = loaded.bytes
    let wrong = BenchFailure(message: "\(path): is not a binary PPM with maxval 255")
    var position = 0
    func word() -> Substring {
      let start = position
      while position < file.count, position - start < 16, !isSpace(file[position]) { position += 1 }
      defer { position += 1 }
      return Substring(decoding: file[start..<position], as: UTF8.self)
    }
    guard word() == "P6", let width = Int(word()), let height = Int(word()), word() == "255",
      (1...100_000).contains(width), (1...100_000).contains(height), file.count - position >= width * height * 3
    else { throw wrong }
    (self.width, self.height) = (width, height)
    bytes = Array(file[position..<(position + width * height * 3)])
  }

  private init(width: Int, height: Int, bytes: [UInt8]) { (self.width, self.height, self.bytes) = (width, height, bytes) }

  /// Gradients with a fine texture: no layer's input is constant.
  static func pattern(width: Int, height: Int) -> Pixmap {
    var bytes = [UInt8](repeating: 0, count: width * height * 3)
    for index in bytes.indices {
      let (x, y) = (index / 3 % width, index / 3 / width)
      bytes[index] = UInt8(truncatingIfNeeded: (x ^ y) &* 5 &+ 128 &* x / width &+ 83 &* (index % 3))
    }
    return Pixmap(width: width, height: height, bytes: bytes)
  }

  /// [height][width][3] in the model's channel order: (byte - mean) * scale.
  func pixels(for model: Model) -> [Float] {
    let mean = [model.graph.mean.0, model.graph.mean.1, model.graph.mean.2]
    return bytes(for: model).enumerated().map { (Float($1) - mean[$0 % 3]) * model.graph.scale }
  }

  /// [height][width][3] in the model's channel order.
  func bytes(for model: Model) -> [UInt8] {
    guard model.graph.channelOrder == .bgr else { return bytes }
    return bytes.indices.map { bytes[$0 - $0 % 3 + 2 - $0 % 3] }
  }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
