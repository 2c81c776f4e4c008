// Stretched levels: which pictures change, and to what.
import Kernels
import Testing

@testable import Imaging

/// A gray picture of these values, repeated, as an int8 network's input of the same size.
private func stretched(_ values: [UInt8], padding: Int = 0) throws -> [UInt8] {
  let side = 40, width = side + 2 * padding
  let frame = (0..<side * side).map { values[$0 % values.count] }
  var input = [UInt8](repeating: 0, count: 3 * width * side)
  try input.withUnsafeMutableBufferPointer { input in
    let view = ByteNetworkInput(
      base: input.baseAddress!, rowStride: 3 * width, width: width, height: side, order: .bgr, mean: (104, 117, 123))
    try frame.withUnsafeBytes { bytes in
      let frame = try Frame(.gray, width: side, height: side, bytes: bytes)
      let transform = Transform(scaleX: 1, scaleY: 1, offsetX: Float(padding), offsetY: 0)
      fill(view, from: frame, transform: transform, kernels: KernelSet(isa: .reference))
      stretchLevels(view, of: frame, transform: transform)
    }
  }
  return input
}

@Test func darkPicturesFillTheRange() throws {
  // The grid of every fourth pixel meets each of the 31 values several times.
  let values = (0..<31).map { UInt8($0) }
  let found = Set(try stretched(values))
  #expect(found.contains(0) && found.contains(255) && found.count == 31)
  let expected = Set(values.map { UInt8((Double($0) * 255 / 30).rounded()) })
  #expect(found == expected)
}

@Test func ordinaryPicturesStay() throws {
  let values = (0..<181).map { UInt8($0 + 30) }
  #expect(try stretched(values) == (0..<1600).flatMap { Array(repeating: values[$0 % 181], count: 3) })
}

@Test func theGainIsLimited() throws {
  // One value only: without a limit noise would become black and white.
  #expect(Set(try stretched([9])) == [0])
  #expect(Set(try stretched([9, 10, 11])).max() == 32)
}

@Test func paddingStays() throws {
  let input = try stretched((0..<37).map { UInt8($0) }, padding: 5)
  for y in 0..<40 { #expect(Array(input[y * 150..<y * 150 + 3]) == [104, 117, 123]) }
}

/// float32: the same range, and for every value the same result up to the rounding of bytes.
@Test func floatsAgreeWithBytes() throws {
  let side = 40, frame = (0..<side * side).map { UInt8($0 % 37 + 3) }
  let bytes = try stretched((0..<37).map { UInt8($0 + 3) })
  var input = [Float](repeating: 0, count: 3 * side * side)
  try input.withUnsafeMutableBufferPointer { input in
    let view = NetworkInput(
      base: input.baseAddress!, rowStride: 3 * side, width: side, height: side, order: .bgr, mean: (104, 117, 123), scale: 0.5)
    try frame.withUnsafeBytes { pixels in
      let frame = try Frame(.gray, width: side, height: side, bytes: pixels)
      let transform = Transform(scaleX: 1, scaleY: 1, offsetX: 0, offsetY: 0)
      fill(view, from: frame, transform: transform)
      stretchLevels(view, of: frame, transform: transform)
    }
  }
  let mean: [Float] = [104, 117, 123]
  for (index, value) in input.enumerated() { #expect(abs(value / 0.5 + mean[index % 3] - Float(bytes[index])) <= 0.51) }
}
