// Reads numpy's .npz, as far as the reference files use it: a zip (APPNOTE 6.3.10) of .npy version 1 arrays of float32,
// deflated (RFC 1951). For test data only: the file is not validated.
import Foundation

/// The arrays of an .npz by name, in C order.
func readArchive(_ url: URL) throws -> [String: [Float]] {
  let bytes = [UInt8](try Data(contentsOf: url))
  func number(_ offset: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
  let end = bytes.indices.reversed().first { $0 + 22 <= bytes.count && number($0, 4) == 0x0605_4B50 }!
  var entry = number(end + 16, 4)
  var arrays: [String: [Float]] = [:]
  for _ in 0..<number(end + 10, 2) {
    let (method, packedCount, nameCount) = (number(entry + 10, 2), number(entry + 20, 4), number(entry + 28, 2))
    let name = String(decoding: bytes[(entry + 46)..<(entry + 46 + nameCount)], as: UTF8.self)
    let local = number(entry + 42, 4)
    let start = local + 30 + number(local + 26, 2) + number(local + 28, 2)
    let packed = Array(bytes[start..<(start + packedCount)])
    var inflater = Inflater(packed)
    arrays[String(name.dropLast(".npy".count))] = floats(method == 0 ? packed : inflater.inflate())
    entry += 46 + nameCount + number(entry + 30, 2) + number(entry + 32, 2)
  }
  return arrays
}

/// The numbers of an .npy: magic, version, 2 bytes header length, header, data.
private func floats(_ npy: [UInt8]) -> [Float] {
  let header = 10 + Int(npy[8]) + Int(npy[9]) << 8
  precondition(String(decoding: npy[10..<header], as: UTF8.self).contains("'<f4', 'fortran_order': False"))
  return npy.withUnsafeBytes { bytes in
    (0..<((npy.count - header) / 4)).map { bytes.loadUnaligned(fromByteOffset: header + 4 * $0, as: Float.self) }
  }
}

/// Decodes one deflate stream; canonical Huffman codes are walked bit by bit, as in zlib's puff.
private struct Inflater {
  private let input: [UInt8]
  private var position = 0
  private var output: [UInt8] = []

  init(_ input: [UInt8]) { self.input = input }

  private mutating func bits(_ count: Int) -> Int {
    var value = 0
    for bit in 0..<count {
      value |= Int(input[position >> 3] >> UInt8(position & 7) & 1) << bit
      position += 1
    }
    return value
  }

  mutating func inflate() -> [UInt8] {
    var isLast = false
    while !isLast {
      isLast = bits(1) == 1
      switch bits(2) {
      case 0: copyStored()
      case 1:
        copyCoded(
          Code(
            [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112)
              + [Int](repeating: 7, count: 24) + [Int](repeating: 8, count: 8)), Code([Int](repeating: 5, count: 30)))
      default:
        let (literals, distances) = readCodes()
        copyCoded(literals, distances)
      }
    }
    return output
  }

  private mutating func copyStored() {
    position = (position + 7) & ~7
    let count = bits(16)
    position += 16
    output += input[(position / 8)..<(position / 8 + count)]
    position += 8 * count
  }

  private mutating func readCodes() -> (Code, Code) {
    let (literalCount, distanceCount, lengthCount) = (bits(5) + 257, bits(5) + 1, bits(4) + 4)
    var lengths = [Int](repeating: 0, count: 19)
    for index in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].prefix(lengthCount) { lengths[index] = bits(3) }
    let code = Code(lengths)
    var all: [Int] = []
    while all.count < literalCount + distanceCount {
      switch symbol(code) {
      case 16: all += [Int](repeating: all.last!, count: 3 + bits(2))
      case 17: all += [Int](repeating: 0, count: 3 + bits(3))
      case 18: all += [Int](repeating: 0, count: 11 + bits(7))
      case let length: all.append(length)
      }
    }
    return (Code(Array(all[..<literalCount])), Code(Array(all[literalCount...])))
  }

  private mutating func copyCoded(_ literals: Code, _ distances: Code) {
    while true {
      let next = symbol(literals)
      if next < 256 { output.append(UInt8(next)) }
      if next == 256 { return }
      guard next > 256 else { continue }
      let length = next == 285 ? 258 : next < 265 ? next - 254 : extended(next - 257, 4) + 3
      let distanceSymbol = symbol(distances)
      let distance = distanceSymbol < 4 ? distanceSymbol + 1 : extended(distanceSymbol, 2) + 1
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  /// Lengths and distances grow by a factor of two every `steps` symbols, with extra bits between.
  private mutating func extended(_ symbol: Int, _ steps: Int) -> Int {
    let extra = symbol / steps - 1
    return (steps + symbol % steps) << extra + bits(extra)
  }

  private mutating func symbol(_ code: Code) -> Int {
    var (value, first, index) = (0, 0, 0)
    for length in 1...15 {
      value |= bits(1)
      let count = code.counts[length]
      if value - first < count { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
      value <<= 1
    }
    preconditionFailure("not a deflate stream")
  }

  /// A canonical Huffman code: how many codes of each length, and the symbols in the codes' order.
  struct Code {
    var counts = [Int](repeating: 0, count: 16)
    var symbols: [Int] = []

    init(_ lengths: [Int]) {
      for length in 1...15 {
        let coded = lengths.indices.filter { lengths[$0] == length }
        counts[length] = coded.count
        symbols += coded
      }
    }
  }
}
