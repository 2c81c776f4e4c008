// Any bytes as the end of a results file: refused, or kept up to the end of a whole line, and then nothing more is cut.
import CFuzzDriver
import CHost

private let newline = UInt8(ascii: "\n")

/// One input.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // A copy of exactly that size, so that the sanitizer detects every byte beyond it.
  let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
  defer { bytes.deallocate() }
  _ = bytes.initialize(from: UnsafeBufferPointer(start: start, count: count))
  for isWhole: CInt in [0, 1] { check(UnsafeBufferPointer(bytes), isWhole) }
  return 0
}

private func check(_ bytes: UnsafeBufferPointer<UInt8>, _ isWhole: CInt) {
  let kept = Int(rf_lines_kept(bytes.baseAddress!, bytes.count, isWhole))
  if kept < 0 {
    precondition(kept == Int(RF_LINES_FOREIGN) || (kept == Int(RF_LINES_UNKNOWN) && isWhole == 0))
    return
  }
  precondition(kept <= bytes.count && !bytes[kept...].contains(newline), "at most what follows the last newline is cut")
  precondition(kept == 0 || bytes[kept - 1] == newline)
  precondition(kept == 0 || rf_lines_kept(bytes.baseAddress!, kept, isWhole) == kept, "a second run finds nothing to cut")
  // Text with carriage returns or tabs, and UTF-16, are not results.
  let last = bytes[..<max(0, kept - 1)].lastIndex(of: newline).map { $0 + 1 } ?? 0
  precondition(bytes[last..<max(last, kept - 1)].allSatisfy { $0 >= 0x20 && $0 != 0x7F })
}

rf_fuzz(fuzz)
