// The hash of every layer of an int8 network: integers, so equal on every machine and instruction set.
import CHost
import Engine
import Kernels

/// Prints `WxH hash name`, a line a layer and size. Exit status 1 where the model or a size will not do.
func hashLayers(of path: UnsafePointer<CChar>, sizes: [UnsafePointer<CChar>]) -> Int32 {
  let name = String(cString: path)
  guard let bytes = file(path) else {
    complain("\(name): cannot be read")
    return 1
  }
  let model: Model
  do { model = try Model(bytes: bytes) } catch {
    complain("\(name): \(error.description)")
    return 1
  }
  guard model.precision == .int8 else {
    complain("\(name): is not int8; only integers are equal bit for bit on every processor")
    return 1
  }
  for size in sizes {
    guard let (width, height) = numbers(size, separator: UInt8(ascii: "x")) else {
      complain("\(String(cString: size)): is no size, such as 640x480")
      return 1
    }
    do { try hashLayers(of: model, width: width, height: height) } catch {
      complain("\(String(cString: size)): \(error.description)")
      return 1
    }
  }
  return 0
}

private func hashLayers(of model: Model, width: Int, height: Int) throws(PlanError) {
  let plan = try Plan(model: model, width: width, height: height, isa: .available)
  let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
  defer { arena.deallocate() }
  let network = Network(model: model, plan: plan, arena: arena)
  draw(on: network.byteInput)
  network.run { layer in
    let digits = String(network.hash(ofLayer: layer), radix: 16)
    let zeros = String(repeating: "0", count: 16 - digits.utf8.count)
    print("\(width)x\(height) \(zeros)\(digits) \(model.layers[layer].name)")
  }
}

/// Stripes on a slope: bytes of every value, edges, and no two rows alike.
private func draw(on input: InputView<UInt8>) {
  for y in 0..<input.height {
    for x in 0..<input.width {
      for c in 0..<3 {
        input.base[y * input.rowStride + 3 * x + c] = UInt8(truncatingIfNeeded: (x ^ y) &* 5 &+ 128 &* x / input.width &+ 83 &* c)
      }
    }
  }
}

/// A whole file at a multiple of 64 bytes, never given back; nil where it cannot be read.
private func file(_ path: UnsafePointer<CChar>) -> UnsafeRawBufferPointer? {
  var info = rf_file_info()
  let file = rf_file_open(path)
  guard file >= 0, rf_file_look_open(file, &info) >= 0, info.kind == RF_FILE_REGULAR else { return nil }
  defer { close(file) }
  let count = Int(info.byte_count)
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: Plan.alignment)
  var done = 0
  while done < count {
    let read = rf_file_read(file, bytes.baseAddress! + done, count - done)
    guard read > 0 else { return nil }
    done += read
  }
  return UnsafeRawBufferPointer(rebasing: bytes[..<count])
}
