// The command line: what is to be checked.
import CHost

private let usage = """
  usage: rf-check kernels [K/N]            every row that this processor can run; of all shapes the Kth of N shares
         rf-check layers MODEL WxH...      a line a layer of an int8 model at each size: size, hash, name
  """

func runCheck() -> Int32 {
  let words = (1..<max(1, Int(rf_argument_count()))).map { rf_argument(Int32($0))! }
  if let first = words.first {
    if strcmp(first, "kernels") == 0, words.count == 1 { return checkKernels(share: Share(index: 0, count: 1)) }
    if strcmp(first, "kernels") == 0, words.count == 2, let share = Share(words[1]) { return checkKernels(share: share) }
    if strcmp(first, "layers") == 0, words.count >= 3 { return hashLayers(of: words[1], sizes: Array(words[2...])) }
  }
  complain(usage)
  return 2
}

/// Every `count`th of a list, from `index` on.
struct Share {
  let index: Int
  let count: Int

  init(index: Int, count: Int) { (self.index, self.count) = (index, count) }

  /// `K/N` with 1 <= K <= N; nil where it is anything else.
  init?(_ word: UnsafePointer<CChar>) {
    guard let (first, last) = numbers(word, separator: UInt8(ascii: "/")), first >= 1, first <= last else { return nil }
    (index, count) = (first - 1, last)
  }
}

/// Two decimal numbers of at most four digits with a separator between them; nil where it is anything else.
func numbers(_ word: UnsafePointer<CChar>, separator: UInt8) -> (Int, Int)? {
  var values = [0], digits = 0
  for index in 0..<strlen(word) {
    let byte = UInt8(bitPattern: word[index])
    if byte == separator, values.count == 1, digits > 0 {
      values.append(0)
      digits = 0
    } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), digits < 4 {
      values[values.count - 1] = values[values.count - 1] * 10 + Int(byte - UInt8(ascii: "0"))
      digits += 1
    } else {
      return nil
    }
  }
  return values.count == 2 && digits > 0 ? (values[0], values[1]) : nil
}

func complain(_ message: String) {
  fputs(message + "\n", rf_standard_error())
}
