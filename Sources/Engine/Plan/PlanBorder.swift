// The address of a map in the arena, and its border, which no layer computes but kernels read.

extension Plan.Map {
  /// The address of pixel (0, 0).
  func pixels(in arena: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer { arena + offset + interior * elementBytes }

  /// Fills this part's rows of the border with the bytes that stand for 0.
  func clearBorder(in arena: UnsafeMutableRawPointer, part: Int, of parts: Int) {
    let start = (arena + offset).assumingMemoryBound(to: UInt8.self)
    let (rowBytes, pixelBytes) = (rowStride * elementBytes, channels * elementBytes)
    let side = border * pixelBytes
    for y in Network.rows(height + 2 * border, part: part, of: parts) {
      let row = start + y * rowBytes
      if y < border || y >= border + height {
        fill(row, count: rowBytes)
      } else {
        fill(row, count: side)
        fill(row + side + width * pixelBytes, count: side)
      }
    }
  }

  /// From the first byte of a pixel on.
  private func fill(_ bytes: UnsafeMutablePointer<UInt8>, count: Int) {
    let (first, second, third) = borderBytes
    guard first != second || first != third else { return bytes.update(repeating: first, count: count) }
    for index in 0..<count { bytes[index] = index % 3 == 0 ? first : index % 3 == 1 ? second : third }
  }
}
