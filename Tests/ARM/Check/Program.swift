// The command line: what is to be checked.
import CHost
import Engine
import Host

private let usage = """
  usage: rf-check kernels [native] [K/N]   every row that this processor can run, or all but the portable ones; of all shapes
                                           the Kth of N shares
         rf-check layers MODEL WxH...      a line a layer of an int8 model at each size: size, hash, name
         rf-check numbers MODEL WxH        numbers of more than 32 bits as rf-cam prints them, and the plan of that size
         rf-check frame MODEL WxH          one frame with marks in it, for Benchmarks/arm-cost
  """

func runCheck() -> Int32 {
  let words = (1..<max(1, Int(rf_argument_count()))).map { rf_argument(Int32($0))! }
  if let first = words.first {
    if strcmp(first, "kernels") == 0 {
      let native = words.count > 1 && strcmp(words[1], "native") == 0
      let rest = words.dropFirst(native ? 2 : 1)
      if rest.isEmpty { return checkKernels(native: native, share: Share(index: 0, count: 1)) }
      if rest.count == 1, let share = Share(rest[rest.startIndex]) { return checkKernels(native: native, share: share) }
    }
    if strcmp(first, "layers") == 0, words.count >= 3 { return onModel(words[1], sizes: words[2...], hashLayers(of:width:height:)) }
    if strcmp(first, "numbers") == 0, words.count == 3 { return onModel(words[1], sizes: words[2...], printNumbers(of:width:height:)) }
    if strcmp(first, "frame") == 0, words.count == 3 { return onModel(words[1], sizes: words[2...], runFrame(of:width:height:)) }
  }
  complain(usage)
  return 2
}

/// Calls `body` with the int8 model in a file, for each size in turn. Exit status 1 where the file, the model or a size will
/// not do; `body` says what is wrong with a size, nil where nothing is.
private func onModel(
  _ path: UnsafePointer<CChar>, sizes: ArraySlice<UnsafePointer<CChar>>,
  _ body: (Model, Int, Int) -> String?
) -> Int32 {
  let name = String(cString: path)
  let file: LoadedFile
  do { file = try LoadedFile(path) } catch {
    complain("\(name): \(error.description)")
    return 1
  }
  let model: Model
  do { model = try Model(bytes: file.bytes) } catch {
    complain("\(name): \(error.description)")
    return 1
  }
  guard model.precision == .int8 else {
    complain("\(name): is not int8; only integers are equal bit for bit on every processor")
    return 1
  }
  return withExtendedLifetime(file) { run(model, sizes, body) }
}

private func run(_ model: Model, _ sizes: ArraySlice<UnsafePointer<CChar>>, _ body: (Model, Int, Int) -> String?) -> Int32 {
  for size in sizes {
    guard let (width, height) = numbers(size, separator: UInt8(ascii: "x")) else {
      complain("\(String(cString: size)): is no size, such as 640x480")
      return 1
    }
    if let problem = body(model, width, height) {
      complain(problem)
      return 1
    }
  }
  return 0
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
