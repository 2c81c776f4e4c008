// A memory plan as text: layers downwards, addresses to the right, a letter a map. Gaps and sharing are seen at once.

extension Plan {
  /// Lines of text that draw which map holds which part of the arena while each layer runs.
  ///
  /// - Parameter columns: characters for the arena's width; each is `arenaBytes / columns` bytes. A cell that two maps
  ///   touch shows the later one; `#` stands for the constants.
  public func drawing(of model: Model, columns: Int = 64) -> [String] {
    precondition(columns >= 1 && maps.count == model.graph.tensors.count, "a drawing needs the plan's own model")
    var lines = [
      "arena \(arenaBytes) bytes: constants \(constantBytes), maps \(arenaBytes - constantBytes) "
        + "(\(unsharedMapBytes) without sharing); a column is \((arenaBytes + columns - 1) / columns) bytes"
    ]
    for (index, layer) in model.layers.enumerated() where !layer.isSparse {
      lines.append("|" + cells(atLayer: index, columns: columns) + "| " + layer.name)
    }
    for (index, tensor) in model.graph.tensors.enumerated() {
      let map = maps[index]
      lines.append(
        "\(Plan.letter(index)) \(tensor.name): \(map.width) x \(map.height) x \(map.channels), "
          + "\(map.bytes) bytes at \(map.offset)")
    }
    return lines
  }

  private func cells(atLayer layer: Int, columns: Int) -> String {
    var cells = [UInt8](repeating: UInt8(ascii: "."), count: columns)
    func fill(_ bytes: Range<Int>, _ letter: UInt8) {
      let first = column(bytes.lowerBound, of: columns)
      for cell in first...max(first, column(bytes.upperBound - 1, of: columns)) { cells[cell] = letter }
    }
    if constantBytes > 0 { fill(0..<constantBytes, UInt8(ascii: "#")) }
    for (index, map) in maps.enumerated() where map.firstUse <= layer && layer <= map.lastUse {
      fill(map.byteRange, Plan.letterCode(index))
    }
    return String(decoding: cells, as: UTF8.self)
  }

  /// In floating point: the product of a large arena and the columns may overflow an integer.
  private func column(_ offset: Int, of columns: Int) -> Int {
    min(columns - 1, Int(Double(offset) / Double(arenaBytes) * Double(columns)))
  }

  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

  private static func letterCode(_ tensor: Int) -> UInt8 { letters[tensor % letters.count] }

  private static func letter(_ tensor: Int) -> String { String(decoding: [letterCode(tensor)], as: UTF8.self) }
}
