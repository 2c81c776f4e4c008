// The most memory that the process has had, as the kernel counts it: proc(5), VmHWM in /proc/self/status. getrusage would
// count what the parent had before it started us, too.
import CHost

/// Bytes; nil where the system does not report it.
func peakMemoryBytes() -> Int64? {
  let file = rf_file_open("/proc/self/status")
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 8192)
  let count = bytes.withUnsafeMutableBytes { rf_file_read(file, $0.baseAddress, $0.count) }
  guard count > 0 else { return nil }
  for line in bytes[..<count].split(separator: UInt8(ascii: "\n")) where line.starts(with: "VmHWM:".utf8) {
    let digits = line.filter { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    guard digits.count <= 15 else { return nil }
    return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) } << 10
  }
  return nil
}
