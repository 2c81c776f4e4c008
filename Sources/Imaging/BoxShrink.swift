// Shrinks a network's input to a quarter of the size for the next pass of the detector: every output pixel is the mean of the
// middle rows of a square of input pixels. Bytes are averaged in integers, so that all machines give the same picture.
// Two of four rows take half the time; detection is as good as with all four (WIDER FACE pictures, all AP equal).

/// Side of the square of input pixels that `shrink` averages to one pixel.
public let boxSide = 4

/// Averages rows of an int8 network's input.
///
/// - Values: the mean of 4 x 2 bytes, all columns of the two middle rows of a square of 4 x 4, rounded to nearest, halves up.
///   Rows and columns beyond the last whole square are ignored; if the input is smaller than one square, its last row or
///   column is repeated.
/// - Parameters:
///   - input: the filled input.
///   - rows: rows of the output to compute.
///   - output: the picture, `shrunkSide` of the input's width and height; rows without gaps, 3 bytes per pixel.
/// - Precondition: the input is filled. Allocates nothing.
public func shrink(_ input: ByteNetworkInput, rows: Range<Int>, into output: UnsafeMutablePointer<UInt8>) {
  let width = shrunkSide(input.width)
  let columns = min(width, input.width / boxSide)
  for y in rows {
    let row = output + 3 * width * y
    let lines = MiddleRows(input.base, rowStride: input.rowStride, y: y, height: input.height)
    for x in 0..<columns { averageWords(lines, at: 3 * boxSide * x, into: row + 3 * x) }
    for x in columns..<width {
      for channel in 0..<3 {
        row[3 * x + channel] = UInt8((sum(lines, x, channel, width: input.width) { UInt32($0) } + 4) / 8)
      }
    }
  }
}

/// Averages rows of a float32 network's input as the int8 variant, without rounding to whole numbers.
public func shrink(_ input: NetworkInput, rows: Range<Int>, into output: UnsafeMutablePointer<Float>) {
  let width = shrunkSide(input.width)
  for y in rows {
    let row = output + 3 * width * y
    let lines = MiddleRows(input.base, rowStride: input.rowStride, y: y, height: input.height)
    for x in 0..<width {
      for channel in 0..<3 { row[3 * x + channel] = sum(lines, x, channel, width: input.width) { $0 } / 8 }
    }
  }
}

/// Returns the side of the shrunk picture for an input side in pixels: a quarter, rounded down, but at least 1.
public func shrunkSide(_ pixels: Int) -> Int { max(1, pixels / boxSide) }

/// The two input rows that an output row is computed from.
private struct MiddleRows<Sample> {
  let upper: UnsafePointer<Sample>, lower: UnsafePointer<Sample>

  init(_ base: UnsafeMutablePointer<Sample>, rowStride: Int, y: Int, height: Int) {
    upper = UnsafePointer(base + min(boxSide * y + 1, height - 1) * rowStride)
    lower = UnsafePointer(base + min(boxSide * y + 2, height - 1) * rowStride)
  }
}

/// Averages four pixels of two rows: the bytes of a word are added as four numbers of 16 bits, even and odd ones separately.
@inline(__always)
private func averageWords(_ lines: MiddleRows<UInt8>, at offset: Int, into pixel: UnsafeMutablePointer<UInt8>) {
  // Samples 0 to 7 of the twelve, then 4 to 11.
  let (a, b) = (sums(lines, offset), sums(lines, offset + 4))
  let first = a.even[0] + a.odd[1] + a.even[3] + b.odd[2]
  let second = a.odd[0] + a.even[2] + a.odd[3] + b.even[3]
  let third = a.even[1] + a.odd[2] + b.even[2] + b.odd[3]
  pixel[0] = UInt8(truncatingIfNeeded: (first + 4) &>> 3)
  pixel[1] = UInt8(truncatingIfNeeded: (second + 4) &>> 3)
  pixel[2] = UInt8(truncatingIfNeeded: (third + 4) &>> 3)
}

/// Four numbers of 16 bits in a word.
private struct Lanes {
  let word: UInt64

  @inline(__always)
  subscript(lane: UInt64) -> UInt64 { (word &>> (16 &* lane)) & 0xffff }
}

@inline(__always)
private func sums(_ lines: MiddleRows<UInt8>, _ offset: Int) -> (even: Lanes, odd: Lanes) {
  let mask: UInt64 = 0x00ff_00ff_00ff_00ff
  let upper = UInt64(littleEndian: UnsafeRawPointer(lines.upper + offset).loadUnaligned(as: UInt64.self))
  let lower = UInt64(littleEndian: UnsafeRawPointer(lines.lower + offset).loadUnaligned(as: UInt64.self))
  return (Lanes(word: (upper & mask) &+ (lower & mask)), Lanes(word: ((upper &>> 8) & mask) &+ ((lower &>> 8) & mask)))
}

/// Sums one channel of an output pixel sample by sample; columns beyond the input repeat the last one.
@inline(__always)
private func sum<Sample, Sum: Numeric>(
  _ lines: MiddleRows<Sample>, _ x: Int, _ channel: Int, width: Int, _ number: (Sample) -> Sum
) -> Sum {
  var sum: Sum = 0
  for column in 0..<boxSide {
    let sample = 3 * min(boxSide * x + column, width - 1) + channel
    sum += number(lines.upper[sample]) + number(lines.lower[sample])
  }
  return sum
}
