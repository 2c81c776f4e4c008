// Tests which memory is accepted as a frame, and the positions of a frame's points in the network's input.
import Imaging
import TestRandom
import Testing

@Test func bytesOfAFrameCountOddSidesUp() {
  for format in [PixelFormat.yuyv, .uyvy] { #expect(format.byteCount(width: 3, height: 5) == 8 * 5) }
  #expect(PixelFormat.nv12.byteCount(width: 3, height: 5) == 15 + 4 * 3)
  #expect(PixelFormat.i420.byteCount(width: 3, height: 5) == 15 + 2 * 2 * 3)
  #expect(PixelFormat.nv21.byteCount(width: 3, height: 5) == 15 + 4 * 3)
  #expect(PixelFormat.nv16.byteCount(width: 3, height: 5) == 15 + 4 * 5)
  #expect(PixelFormat.bgrx.byteCount(width: 3, height: 5) == 60)
  #expect(PixelFormat.rgb.byteCount(width: 1, height: 1) == 3)
  #expect(PixelFormat.nv12.byteCount(width: 640, height: 480, strideBytes: 704) == 704 * 480 * 3 / 2)
}

@Test(arguments: formats)
func tooFewBytesAreRefused(format: PixelFormat) {
  let needed = format.byteCount(width: 3, height: 5)
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: needed, alignment: 1)
  defer { bytes.deallocate() }
  #expect(throws: FrameError.tooFewBytes(given: needed - 1, needed: Int64(needed))) {
    try Frame(format, width: 3, height: 5, bytes: UnsafeRawBufferPointer(rebasing: bytes[..<(needed - 1)]))
  }
  #expect(throws: FrameError.stride(strideBytes: 2, minBytes: format.rowBytes(width: 3))) {
    try Frame(format, width: 3, height: 5, bytes: UnsafeRawBufferPointer(bytes), strideBytes: 2)
  }
  for (width, height) in [(0, 5), (5, 0), (-1, 5), (Int.max, Int.max), (1 << 32, 1 << 32), (10001, 10000)] {
    #expect(throws: FrameError.size(width: width, height: height)) {
      try Frame(format, width: width, height: height, bytes: UnsafeRawBufferPointer(bytes))
    }
  }
}

@Test func rowsMayLieApart() throws {
  let made = try MadeFrame(.nv12, width: 6, height: 4, stride: 10)
  let picture = Picture(width: 6, height: 4)
  picture.copy(made.frame)
  for y in 0..<4 {
    for x in 0..<6 {
      let expected = color(samples(made.frame, x, y), of: made.frame)
      for channel in 0..<3 { #expect(abs(Double(picture.pixels[3 * (6 * y + x) + channel]) - expected[channel]) <= 0.5001) }
    }
  }
}

/// Planes that lie apart are the same frame as those that follow one another.
@Test(arguments: [PixelFormat.nv12, .nv21, .nv16, .i420, .gray])
func planesMayLieApart(format: PixelFormat) throws {
  let made = try MadeFrame(format, width: 7, height: 5)
  let (chromaStride, chromaRows) = (format == .i420 ? 4 : 8, format == .nv16 ? 5 : 3)
  let starts = format == .gray ? [0] : [0, 35, 35 + chromaStride * chromaRows]
  let memory = starts.enumerated().map { plane, start in
    // Rows of an odd distance, and nothing after the last one.
    let (row, rows) = plane == 0 ? (7, 5) : (chromaStride, chromaRows)
    let apart = UnsafeMutableRawBufferPointer.allocate(byteCount: (row + 3) * (rows - 1) + row, alignment: 1)
    guard start < made.bytes.count else { return apart }
    for y in 0..<rows { for x in 0..<row { apart[(row + 3) * y + x] = made.bytes[start + row * y + x] } }
    return apart
  }
  defer { for plane in memory { plane.deallocate() } }
  func plane(_ index: Int, less: Int = 0) -> Frame.PlaneBytes {
    guard index < memory.count else { return (UnsafeRawBufferPointer(start: nil, count: 0), 0) }
    let bytes = UnsafeRawBufferPointer(memory[index])
    return (UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - less)]), (index == 0 ? 7 : chromaStride) + 3)
  }
  let frame = try Frame(format, width: 7, height: 5, planes: (plane(0), plane(1), plane(2)))
  for y in 0..<5 { for x in 0..<7 { #expect(samples(frame, x, y) == samples(made.frame, x, y)) } }
  for short in 0..<(format == .gray ? 1 : format == .i420 ? 3 : 2) {
    #expect(throws: FrameError.self) {
      try Frame(
        format, width: 7, height: 5,
        planes: (
          plane(0, less: short == 0 ? 1 : 0), plane(1, less: short == 1 ? 1 : 0),
          plane(2, less: short == 2 ? 1 : 0)
        ))
    }
  }
}

@Test func letterboxKeepsTheAspectAndComesBack() {
  for (width, height) in [(1, 1), (3, 5), (640, 480), (1920, 1080), (20000, 3), (3, 20000)] {
    for (networkWidth, networkHeight) in [(640, 640), (320, 240), (7, 1000)] {
      let transform = Transform.letterbox(frameWidth: width, frameHeight: height, networkWidth: networkWidth, networkHeight: networkHeight)
      let end = transform.toModel(FramePoint(x: Float(width), y: Float(height)))
      #expect(end.x <= Float(networkWidth) + 0.001 && end.y <= Float(networkHeight) + 0.001)
      #expect(abs(end.x - Float(networkWidth)) < 0.001 || abs(end.y - Float(networkHeight)) < 0.001)
      let scale = min(Float(networkWidth) / Float(width), Float(networkHeight) / Float(height))
      #expect(abs(end.x - scale * Float(width)) <= 1 && abs(end.y - scale * Float(height)) <= 1)
      let point = FramePoint(x: Float(width) * 0.3, y: Float(height) * 0.7)
      let back = transform.toFrame(transform.toModel(point))
      #expect(abs(back.x - point.x) <= Float(width) * 1e-6 && abs(back.y - point.y) <= Float(height) * 1e-6)
    }
  }
}

@Test func aShiftComesBackToo() {
  let transform = Transform(scaleX: 0.5, scaleY: 2, offsetX: 10, offsetY: -20)
  #expect(transform.toModel(FramePoint(x: 8, y: 30)) == ModelPoint(x: 14, y: 40))
  #expect(transform.toFrame(ModelPoint(x: 14, y: 40)) == FramePoint(x: 8, y: 30))
}

/// Each orientation of a picture with three different corners, by the Exif specification's words for row 0 and column 0.
@Test(arguments: Orientation.allCases)
func orientationsPutTheFirstRowWhereTheyShould(orientation: Orientation) {
  let stored = Picture(width: 4, height: 3)
  for index in 0..<12 { stored.pixels[3 * index] = UInt8(index + 1) }
  let shown = Picture(width: 1, height: 1)
  shown.show(stored, orientation: orientation)
  #expect((shown.width, shown.height) == (orientation.swapsSides ? (3, 4) : (4, 3)))
  for y in 0..<3 {
    for x in 0..<4 {
      // Row 0 is at the visual top, top, bottom, bottom, left, right, right, left; column 0 at the left, right, right, left, top, ...
      let place =
        switch orientation {
        case .upright: (x, y)
        case .mirrored: (3 - x, y)
        case .upsideDown: (3 - x, 2 - y)
        case .flipped: (x, 2 - y)
        case .transposed: (y, x)
        case .turnedRight: (2 - y, x)
        case .transversed: (2 - y, 3 - x)
        case .turnedLeft: (y, 3 - x)
        }
      #expect(shown.pixels[3 * (place.1 * shown.width + place.0)] == UInt8(4 * y + x + 1), "\(orientation) at \(x), \(y)")
    }
  }
}

/// Every format at odd sizes and with rows that are further apart than they need: the copy shows the same picture after the
/// original has gone.
@Test(arguments: formats, [(1, 1), (7, 5), (16, 8)])
func aFrameCopyIsTheSamePicture(format: PixelFormat, size: (width: Int, height: Int)) throws {
  let copy = FrameCopy()
  let (before, after) = (Picture(width: 1, height: 1), Picture(width: 1, height: 1))
  var random = SplitMix64(seed: 21)
  // The first is larger than what follows: memory is used again.
  for (width, height, more) in [(20, 20, 0), (size.width, size.height, 0), (size.width, size.height, 6)] {
    let stride = format.rowBytes(width: width) + more
    let count = format.byteCount(width: width, height: height, strideBytes: stride)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { bytes.deallocate() }
    for i in 0..<count { bytes[i] = UInt8(truncatingIfNeeded: random.next()) }
    let frame = try Frame(
      format, width: width, height: height, bytes: UnsafeRawBufferPointer(bytes), strideBytes: stride,
      range: .full)
    before.copy(frame)
    copy.take(frame)
    for i in 0..<count { bytes[i] = 0 }
    after.copy(try #require(copy.frame))
    #expect((after.width, after.height) == (width, height))
    let (a, b) = (
      UnsafeRawBufferPointer(start: before.pixels, count: 3 * width * height),
      UnsafeRawBufferPointer(start: after.pixels, count: 3 * width * height)
    )
    #expect(a.elementsEqual(b), "\(format) \(width) x \(height), \(more) more")
  }
}
