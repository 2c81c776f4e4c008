// Converts pictures to planes of Y, Cb and Cr. Source: ITU-R BT.601-7, section 2.5.4; coefficients in units of 2^-16, limited range.

extension Picture {
  /// Bytes of the planes of `writeI420`.
  var i420Bytes: Int { width * height + 2 * ((width + 1) / 2) * ((height + 1) / 2) }

  /// Writes the picture as planes of Y, Cb and Cr; chroma at half width and height, rounded up, is the mean of up to four pixels.
  ///
  /// - Parameter planes: receives `i420Bytes` bytes.
  func writeI420(to planes: UnsafeMutablePointer<UInt8>) {
    for y in 0..<height {
      let row = pixels + y * strideBytes, luma = planes + y * width
      for x in 0..<width {
        let (red, green, blue) = (Int32(row[3 * x]), Int32(row[3 * x + 1]), Int32(row[3 * x + 2]))
        luma[x] = UInt8(truncatingIfNeeded: (16_829 &* red &+ 33_039 &* green &+ 6416 &* blue &+ 1_081_344) >> 16)
      }
    }
    // 128, and a half to round; sums of four pixels have two more bits.
    let offset: Int32 = 128 << 18 + 1 << 17
    let (chromaWidth, chromaHeight) = ((width + 1) / 2, (height + 1) / 2)
    let blues = planes + width * height, reds = blues + chromaWidth * chromaHeight
    for y in 0..<chromaHeight {
      let first = pixels + 2 * y * strideBytes, second = pixels + min(2 * y + 1, height - 1) * strideBytes
      for x in 0..<chromaWidth {
        let (left, right) = (6 * x, 3 * min(2 * x + 1, width - 1))
        let red = Int32(first[left]) &+ Int32(first[right]) &+ Int32(second[left]) &+ Int32(second[right])
        let green = Int32(first[left + 1]) &+ Int32(first[right + 1]) &+ Int32(second[left + 1]) &+ Int32(second[right + 1])
        let blue = Int32(first[left + 2]) &+ Int32(first[right + 2]) &+ Int32(second[left + 2]) &+ Int32(second[right + 2])
        blues[y * chromaWidth + x] = UInt8(truncatingIfNeeded: (-9714 &* red &- 19_070 &* green &+ 28_784 &* blue &+ offset) >> 18)
        reds[y * chromaWidth + x] = UInt8(truncatingIfNeeded: (28_784 &* red &- 24_103 &* green &- 4681 &* blue &+ offset) >> 18)
      }
    }
  }
}
