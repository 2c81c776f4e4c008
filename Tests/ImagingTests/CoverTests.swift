// Covered faces: which pixels change, and that nothing of the old ones remains where it must not.
import Testing

@testable import Imaging

private func textured(_ width: Int, _ height: Int) -> Picture {
  let picture = Picture(width: width, height: height)
  for i in 0..<3 * width * height { picture.pixels[i] = UInt8(truncatingIfNeeded: 37 * i ^ (i >> 3)) | 1 }
  return picture
}

private func bytes(_ picture: Picture) -> [UInt8] {
  Array(UnsafeBufferPointer(start: picture.pixels, count: picture.height * picture.strideBytes))
}

private func landmarks(angle: Float) -> Landmarks {
  let (c, s) = (cosOf(angle), sinOf(angle))
  func point(_ x: Float, _ y: Float) -> FramePoint { FramePoint(x: 50 + x * c - y * s, y: 50 + x * s + y * c) }
  return Landmarks(
    leftEye: point(-10, -10), rightEye: point(10, -10), nose: point(0, 0), leftMouthCorner: point(-8, 12), rightMouthCorner: point(8, 12))
}

/// Multiples of 45 degrees.
private func cosOf(_ angle: Float) -> Float { [1, 0.70710677, 0, -0.70710677, -1, -0.70710677, 0, 0.70710677][Int(angle / 45) % 8] }
private func sinOf(_ angle: Float) -> Float { cosOf(angle + 270) }

private let styles: [CoverStyle] = [.blur, .mosaic, .solid]

@Test(arguments: styles)
func onlyTheEllipseChanges(style: CoverStyle) {
  let original = textured(97, 61), picture = textured(97, 61)
  let shape = CoverShape(left: 30, top: 10, right: 60, bottom: 50, landmarks(angle: 0), scale: 1)
  Cover(style).apply(shape, to: picture)
  var changed = 0
  for y in 0..<61 {
    for x in 0..<97 {
      let place = y * 291 + 3 * x
      let isSame = bytes(picture)[place..<place + 3] == bytes(original)[place..<place + 3]
      if shape.contains(x, y) { changed += isSame ? 0 : 1 } else { #expect(isSame, "\(x), \(y)") }
    }
  }
  // An ellipse of 30 x 40 pixels has 942.
  #expect(changed > 900)
}

/// An upright face is higher than wide, one on its side wider than high; the eyes decide, whatever the box.
@Test func theEllipseFollowsTheEyes() {
  let upright = CoverShape(left: 30, top: 20, right: 70, bottom: 80, landmarks(angle: 0), scale: 1.5)
  #expect(upright.halfWidth == 30 && upright.halfHeight == 45)
  let lying = CoverShape(left: 20, top: 30, right: 80, bottom: 70, landmarks(angle: 90), scale: 1.5)
  #expect(lying.halfWidth == 30 && lying.halfHeight == 45 && lying.sine == 1)
  // The crown of a face that lies on its side is to the right of the eyes.
  #expect(lying.contains(93, 50) && !lying.contains(50, 93) && upright.contains(50, 93) && !upright.contains(93, 50))
  let turned = CoverShape(left: 20, top: 20, right: 80, bottom: 80, landmarks(angle: 45), scale: 1)
  #expect(abs(turned.halfWidth - 30) < 0.01 && abs(turned.halfHeight - 30) < 0.01)
}

@Test func mosaicSquaresHaveTheirMeans() {
  let original = textured(64, 64), picture = textured(64, 64)
  let shape = CoverShape(left: 0, top: 0, right: 64, bottom: 64, landmarks(angle: 0), scale: 2)
  Cover(.mosaic).apply(shape, to: picture)
  for top in stride(from: 0, to: 64, by: 8) {
    for left in stride(from: 0, to: 64, by: 8) {
      for channel in 0..<3 {
        var sum = 0
        for y in top..<top + 8 { for x in left..<left + 8 { sum += Int(original.pixels[192 * y + 3 * x + channel]) } }
        let mean = UInt8((sum + 32) / 64)
        for y in top..<top + 8 { for x in left..<left + 8 { #expect(picture.pixels[192 * y + 3 * x + channel] == mean) } }
      }
    }
  }
}

/// The blur against its definition: means of means, rounded each time, over windows that end at the region's edges.
@Test func theBlurIsTwoMeansPerDirection() {
  let (width, height) = (23, 17)
  let picture = textured(width, height)
  var expected = bytes(picture).map { Int($0) }
  for _ in 0..<2 {
    expected = mean(expected, width, height, radius: max(1, width / 4), step: 3, count: width) { (y, x, c) in (y * width + x) * 3 + c }
    expected = mean(expected, width, height, radius: max(1, height / 4), step: 3 * width, count: height) { (y, x, c) in
      (y * width + x) * 3 + c
    }
  }
  // Larger than the picture, so that every pixel is inside.
  Cover(.blur).apply(CoverShape(left: 0, top: 0, right: 23, bottom: 17, landmarks(angle: 0), scale: 3), to: picture)
  #expect(bytes(picture).map { Int($0) } == expected)
}

private func mean(
  _ values: [Int], _ width: Int, _ height: Int, radius: Int, step: Int, count: Int, _ place: (Int, Int, Int) -> Int
) -> [Int] {
  var result = values
  for y in 0..<height {
    for x in 0..<width {
      for channel in 0..<3 {
        let position = step == 3 ? x : y
        let window = max(0, position - radius)...min(count - 1, position + radius)
        let sum = window.reduce(0) { $0 + values[place(y, x, channel) + ($1 - position) * step] }
        result[place(y, x, channel)] = (sum + window.count / 2) / window.count
      }
    }
  }
  return result
}

@Test(arguments: styles)
func keptPixelsStay(style: CoverStyle) {
  let original = bytes(textured(50, 50)), picture = textured(50, 50)
  let keep = PixelRectangle(left: 20, top: 15, right: 30, bottom: 22)
  Cover(style, keep: [keep]).apply(CoverShape(left: 0, top: 0, right: 50, bottom: 50, landmarks(angle: 0), scale: 2), to: picture)
  for y in 0..<50 {
    for x in 0..<50 where keep.contains(x, y) { #expect(bytes(picture)[150 * y + 3 * x] == original[150 * y + 3 * x]) }
  }
  #expect(bytes(picture)[0..<300] != original[0..<300])
}

@Test(arguments: styles)
func placesOutsideOfThePictureDoNoHarm(style: CoverStyle) {
  let original = bytes(textured(20, 20)), cover = Cover(style)
  for box in [(-50, -50, -10, -10), (30, 0, 50, 20), (0, 0, 0, 0), (5, 5, 4, 4)] as [(Float, Float, Float, Float)] {
    let picture = textured(20, 20)
    cover.apply(CoverShape(left: box.0, top: box.1, right: box.2, bottom: box.3, landmarks(angle: 0), scale: 1), to: picture)
    #expect(bytes(picture) == original)
  }
  for value in [Float.nan, .infinity, -.infinity, 1e30] {
    var shape = CoverShape(left: 0, top: 0, right: 20, bottom: 20, landmarks(angle: 0), scale: 1)
    shape.x = value
    cover.apply(shape, to: textured(20, 20))
    shape = CoverShape(left: -value, top: 0, right: value, bottom: 20, landmarks(angle: 0), scale: 1)
    cover.apply(shape, to: textured(20, 20))
  }
}

@Test func planesHaveTheColoursOfBT601() {
  for (color, expected) in [
    (Color(red: 0, green: 0, blue: 0), [16, 128, 128]), (Color(red: 255, green: 255, blue: 255), [235, 128, 128]),
    (Color(red: 255, green: 0, blue: 0), [81, 90, 240]), (Color(red: 0, green: 255, blue: 0), [145, 54, 34]),
    (Color(red: 0, green: 0, blue: 255), [41, 240, 110]),
  ] {
    let picture = Picture(width: 3, height: 3)
    picture.fillRectangle(left: 0, top: 0, right: 3, bottom: 3, color)
    var planes = [UInt8](repeating: 0, count: picture.i420Bytes)
    #expect(planes.count == 9 + 2 * 4)
    picture.writeI420(to: &planes)
    #expect(planes[..<9].allSatisfy { Int($0) == expected[0] } && planes[9..<13].allSatisfy { Int($0) == expected[1] })
    #expect(planes[13...].allSatisfy { Int($0) == expected[2] }, "\(planes)")
  }
}

/// Back to R G B: the frame that a reader of the film sees has the picture's colours, but for rounding.
@Test func planesAreReadBack() throws {
  let picture = Picture(width: 16, height: 10)
  for y in 0..<10 { for x in 0..<16 { for c in 0..<3 { picture.pixels[48 * y + 3 * x + c] = UInt8(20 + 12 * x + 3 * y + 7 * c) } } }
  var planes = [UInt8](repeating: 0, count: picture.i420Bytes)
  picture.writeI420(to: &planes)
  let back = Picture(width: 1, height: 1)
  let isCopied = try planes.withUnsafeBytes { back.copy(try Frame(.i420, width: 16, height: 10, bytes: $0)) }
  #expect(isCopied)
  for (a, b) in zip(bytes(picture), bytes(back)) { #expect(abs(Int(a) - Int(b)) <= 9) }
}

/// Every format's own samples reach the film; the definition repeats the formats' descriptions.
@Test(arguments: [PixelFormat.i420, .nv12, .nv21, .nv16, .yuyv, .uyvy], [(6, 4), (5, 3), (1, 1)])
func samplesOfVideoStay(format: PixelFormat, size: (Int, Int)) throws {
  let (width, height) = size
  let bytes = (0..<format.byteCount(width: width, height: height)).map { UInt8(truncatingIfNeeded: 31 * $0 + 7) }
  let picture = PlanarPicture()
  let isTaken = try bytes.withUnsafeBytes { picture.take(try Frame(format, width: width, height: height, bytes: $0)) }
  #expect(isTaken)
  let chromaWidth = (width + 1) / 2
  /// Cb (0) or Cr (1) of a row of the frame.
  func chroma(_ x: Int, _ y: Int, _ which: Int) -> Int {
    let luma = width * height, row = min(y, height - 1)
    switch format {
    case .i420: return Int(bytes[luma + which * chromaWidth * ((height + 1) / 2) + row / 2 * chromaWidth + x])
    case .nv12: return Int(bytes[luma + (row / 2 * chromaWidth + x) * 2 + which])
    case .nv21: return Int(bytes[luma + (row / 2 * chromaWidth + x) * 2 + 1 - which])
    case .nv16: return Int(bytes[luma + (row * chromaWidth + x) * 2 + which])
    case .yuyv: return Int(bytes[(row * chromaWidth + x) * 4 + 1 + 2 * which])
    default: return Int(bytes[(row * chromaWidth + x) * 4 + 2 * which])
    }
  }
  var expected: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width {
      switch format {
      case .yuyv: expected.append(bytes[y * chromaWidth * 4 + 2 * x])
      case .uyvy: expected.append(bytes[y * chromaWidth * 4 + 2 * x + 1])
      default: expected.append(bytes[y * width + x])
      }
    }
  }
  for which in 0..<2 {
    for y in 0..<(height + 1) / 2 {
      for x in 0..<chromaWidth { expected.append(UInt8((chroma(x, 2 * y, which) + chroma(x, 2 * y + 1, which) + 1) / 2)) }
    }
  }
  #expect(Array(picture.bytes) == expected)
}

/// The same ellipse in planes: black there, as before elsewhere.
@Test(arguments: styles) func planesAreCovered(style: CoverStyle) {
  let original = PlanarPicture(), picture = PlanarPicture()
  #expect(original.take(textured(60, 44)) && picture.take(textured(60, 44)))
  let shape = CoverShape(left: 10, top: 6, right: 40, bottom: 36, landmarks(angle: 45), scale: 1.2)
  Cover(style).apply(shape, to: picture)
  let (before, after) = (Array(original.bytes), Array(picture.bytes))
  for y in 0..<44 {
    for x in 0..<60 where !shape.contains(x, y) { #expect(before[60 * y + x] == after[60 * y + x]) }
    for x in 0..<60 where shape.contains(x, y) && style == .solid { #expect(after[60 * y + x] == 16) }
  }
  for y in 0..<22 {
    for x in 0..<30 {
      let isFar = !(-1...2).contains { dy in (-1...2).contains { dx in shape.contains(2 * x + dx, 2 * y + dy) } }
      if isFar { #expect(before[2640 + 30 * y + x] == after[2640 + 30 * y + x]) }
    }
  }
  #expect(before != after)
}

/// The row's pixels are those that the definition finds one by one.
@Test func rowsOfEllipsesAreExact() {
  for seed in 0..<200 {
    var shape = CoverShape(left: 0, top: 0, right: 1, bottom: 1, landmarks(angle: Float(45 * (seed % 8))), scale: 1)
    (shape.x, shape.y) = (Float(seed * 7 % 50) - 5.3, Float(seed * 13 % 40) - 3.7)
    (shape.halfWidth, shape.halfHeight) = (0.3 + Float(seed % 17) * 1.7, 0.4 + Float(seed % 11) * 2.3)
    for y in 0..<30 {
      let inside = (0..<40).filter { shape.contains($0, y) }
      #expect(Array(shape.columns(ofRow: y, within: 0..<40)) == inside, "\(shape), row \(y)")
    }
  }
}

@Test func squareRootsAreThoseOfTheProcessor() {
  for step in 1...200_000 {
    let value = Float(bitPattern: UInt32(0x0080_0000 + step * 10_000))
    guard value.isFinite else { break }
    #expect(abs(squareRoot(value) - value.squareRoot()) <= 2 * value.squareRoot().ulp, "\(value)")
  }
  #expect(squareRoot(0) == 0 && squareRoot(-1) == 0 && squareRoot(.nan) == 0 && squareRoot(.infinity) == .infinity)
}
