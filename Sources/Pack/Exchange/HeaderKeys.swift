// Finds a key that stands twice in one object of a JSON text. JSON readers keep the first, the last or neither of the two values;
// a file that two readers would understand in two ways is refused.
import Foundation

struct HeaderKeys {
  private let json: [UInt8]
  private var position = 0
  /// Keys of each object around the position; `nil` for an array.
  private var open: [Set<String>?] = []

  /// The first key that stands twice in its object, `nil` if there is none. `json` is valid JSON in UTF-8.
  static func firstDuplicate(in json: Data) -> String? {
    var keys = HeaderKeys(json: [UInt8](json))
    return keys.scan()
  }

  private init(json: [UInt8]) { self.json = json }

  private mutating func scan() -> String? {
    var expectsKey = false
    while position < json.count {
      let byte = json[position]
      position += 1
      switch byte {
      case UInt8(ascii: "{"):
        open.append([])
        expectsKey = true
      case UInt8(ascii: "["):
        open.append(nil)
        expectsKey = false
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        _ = open.popLast()
      case UInt8(ascii: ","):
        expectsKey = open.last.flatMap { $0 } != nil
      case UInt8(ascii: "\""):
        let text = string()
        if expectsKey, open[open.count - 1]?.insert(text).inserted == false { return text }
        expectsKey = false
      default: break
      }
    }
    return nil
  }

  /// The string whose opening quote lies before the position; escapes are resolved, since "\u0061" is the key "a".
  private mutating func string() -> String {
    let start = position
    var hasEscapes = false
    while position < json.count, json[position] != UInt8(ascii: "\"") {
      if json[position] == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      }
      position += 1
    }
    let end = min(position, json.count)
    position = end + 1
    let raw = String(decoding: json[start..<end], as: UTF8.self)
    guard hasEscapes else { return raw }
    let resolved = try? JSONSerialization.jsonObject(with: Data("\"\(raw)\"".utf8), options: .fragmentsAllowed)
    return resolved as? String ?? raw
  }
}
