// Small text helpers: columns, decimals, messages.
import CHost
import CommandLine

/// Logs a failure.
func logError(_ message: String) { log("rf-bench: \(message)") }

/// Pads with spaces to `width` characters; a negative width pads on the left.
func column(_ text: String, _ width: Int) -> String {
  let padding = String(repeating: " ", count: max(0, abs(width) - text.count))
  return width < 0 ? padding + text : text + padding
}

/// A number with a fixed count of decimals.
func decimal(_ value: Double, places: Int) -> String {
  var buffer = [CChar](repeating: 0, count: 64)
  let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, "%.\(places)f", $0) }
  return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
