// `rf-bench network`: the forward pass alone, the input already in the arena. Prints one line per size, for other programs to parse.
import CHost
import CommandLine
import Engine
import Host
import Kernels

/// `rf-bench network`. Exit status 1: a file or size cannot be used; 2: invalid command line.
func runNetwork(_ words: [Argument]) -> Int32 { withOptions(words, measure) }

private func measure(_ options: NetworkOptions) -> Int32 {
  do {
    let bench = try NetworkBench(options)
    if let prefix = options.headsPrefix {
      try bench.dumpHeads(prefix: prefix)
    } else if options.hashes {
      bench.printHashes()
    } else {
      try bench.report()
    }
    return 0
  } catch {
    logError("network: \(error.message)")
    return 1
  }
}

/// Something outside the program is not as it must be; one line says what and what to try.
struct BenchFailure: Error { let message: String }

/// A network with a picture to run it on.
final class NetworkBench {
  let options: NetworkOptions
  let network: Network
  /// [height][width][3] in the model's channel order.
  private let bytes: [UInt8]
  /// The same in a float32 model's units; empty for int8.
  private let pixels: [Float]
  /// nil: the embedded model.
  private let file: LoadedFile?
  private let arena: UnsafeMutableRawBufferPointer

  init(_ options: NetworkOptions) throws(BenchFailure) {
    self.options = options
    file = if let path = options.model { try load(path) } else { nil }
    let bytes = try modelBytes(file)
    do {
      let model = try Model(bytes: bytes)
      let picture = try options.input.map { name throws(BenchFailure) in try Pixmap(file: name) }
      let (width, height) = (picture?.width ?? options.width, picture?.height ?? options.height)
      let plan = try Plan(
        model: model, width: width, height: height, isa: options.isa, threads: options.threads)
      guard let memory = aligned_alloc(Plan.alignment, plan.arenaBytes) else {
        throw BenchFailure(message: "cannot allocate an arena of \(plan.arenaBytes) bytes: choose a smaller size")
      }
      arena = UnsafeMutableRawBufferPointer(start: memory, count: plan.arenaBytes)
      network = Network(model: model, plan: plan, arena: arena)
      let pixmap = picture ?? Pixmap.pattern(width: width, height: height)
      self.bytes = pixmap.bytes(for: model)
      pixels = model.precision == .float32 ? pixmap.pixels(for: model) : []
    } catch let failure as BenchFailure {
      throw failure
    } catch {
      throw BenchFailure(message: "\(error)")
    }
  }

  deinit { free(arena.baseAddress) }

  /// Copies the picture into the arena, whose memory every run uses for other things too.
  func fill() {
    switch network.model.precision {
    case .float32: copy(pixels, to: network.input)
    case .int8: copy(bytes, to: network.byteInput)
    }
  }

  private func copy<Element>(_ pixels: [Element], to input: InputView<Element>) {
    let row = input.width * 3
    pixels.withUnsafeBufferPointer { pixels in
      for y in 0..<input.height {
        (input.base + y * input.rowStride).update(from: pixels.baseAddress! + y * row, count: row)
      }
    }
  }

  /// A line a layer: the hash of what it computes, its name. Equal on every machine for an int8 model.
  func printHashes() {
    fill()
    network.run { [self] layer in
      let hash = String(network.hash(ofLayer: layer), radix: 16)
      print(String(repeating: "0", count: 16 - hash.count) + hash + " " + network.model.layers[layer].name)
    }
  }

  /// Seconds of each of `iterations` frames.
  func frameSeconds() throws(BenchFailure) -> [Double] {
    let threads = try FrameThreads(network: network, threads: options.threads)
    var seconds: [Double] = []
    for _ in 0..<(NetworkBench.warmUps + options.iterations) {
      fill()
      let start = rf_seconds()
      threads.runFrame()
      seconds.append(rf_seconds() - start)
    }
    return Array(seconds.dropFirst(NetworkBench.warmUps))
  }

  /// Caches, clocks and page tables settle.
  private static let warmUps = 3

  func report() throws(BenchFailure) {
    let milliseconds = try frameSeconds().map { $0 * 1e3 }.sorted()
    let (minimum, median) = (milliseconds[0], milliseconds[milliseconds.count / 2])
    let layers = options.layers ? layerRows() : []
    let plan = network.plan
    let multiplyAdds = Double(plan.denseMultiplyAdds(of: network.model)) / 1e6
    if options.json {
      let rows = layers.map(\.json).joined(separator: ",")
      print(
        #"{"model":"\#(network.model.name)","precision":"\#(network.model.precision)","width":\#(plan.width),"#
          + #""height":\#(plan.height),"threads":\#(options.threads),"isa":"\#(options.isa)","#
          + #""iterations":\#(options.iterations),"min_ms":\#(minimum),"median_ms":\#(median),"#
          + #""mmac":\#(multiplyAdds),"arena_bytes":\#(plan.arenaBytes)"# + (options.layers ? #","layers":[\#(rows)]}"# : "}"))
      return
    }
    if let first = layers.first { print(first.heading) }
    for layer in layers { print(layer.line) }
    print(
      "\(network.model.name), \(network.model.precision), at \(plan.width) x \(plan.height), "
        + "\(options.threads) thread(s), \(options.isa): minimum \(decimal(minimum, places: 3)) ms, "
        + "median \(decimal(median, places: 3)) ms, "
        + "\(decimal(multiplyAdds, places: 1)) MMAC, arena \(plan.arenaBytes) bytes")
  }
}

/// Reads a whole file.
func load(_ path: String) throws(BenchFailure) -> LoadedFile {
  do { return try LoadedFile(path) } catch { throw BenchFailure(message: "\(path): \(error.description)") }
}
