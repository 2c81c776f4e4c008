// One object of a JSON text, read key by key: a wrong type, a missing key and an unknown key are errors that name their place.
import Engine
import Foundation

/// An object with the path to it, such as "layers[3]".
final class JSONFields {
  private let path: String
  private var rest: [String: Any]

  /// - Throws: `PackError` where the text is not one JSON object, or a key appears twice in an object.
  convenience init(text: String) throws(PackError) {
    guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8)), let object = value as? [String: Any] else {
      throw .metadata(key: "graph", problem: "is not a JSON object")
    }
    if let key = HeaderKeys.firstDuplicate(in: Data(text.utf8)) { throw .metadata(key: "graph", problem: "has \"\(key)\" twice") }
    self.init(path: "", object)
  }

  private init(path: String, _ object: [String: Any]) { (self.path, rest) = (path, object) }

  func problem(_ key: String, _ problem: String) -> PackError {
    .metadata(key: "graph", problem: "\(path)\(path.isEmpty ? "" : ".")\(key): \(problem)")
  }

  private func take(_ key: String) throws(PackError) -> Any {
    guard let value = rest.removeValue(forKey: key) else { throw problem(key, "is missing") }
    return value
  }

  /// - Throws: `PackError` that names a key that was not read.
  func requireNoOthers() throws(PackError) {
    if let key = rest.keys.min() { throw problem(key, "is unknown") }
  }

  func text(_ key: String) throws(PackError) -> String {
    guard let text = try take(key) as? String, !text.isEmpty, text.utf8.count <= ModelFormat.maxNameBytes,
      text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else { throw problem(key, "is not a name of up to \(ModelFormat.maxNameBytes) printable ASCII characters") }
    return text
  }

  /// nil for null.
  func optionalText(_ key: String) throws(PackError) -> String? {
    guard rest[key] is NSNull else { return try text(key) }
    rest[key] = nil
    return nil
  }

  func texts(_ key: String, in count: ClosedRange<Int>) throws(PackError) -> [String] {
    guard let texts = try take(key) as? [String], count.contains(texts.count) else {
      throw problem(key, "is not a list of \(count.described) names")
    }
    return texts
  }

  func number(_ key: String, default standard: Double? = nil) throws(PackError) -> Double {
    if let standard, rest[key] == nil { return standard }
    guard let number = JSONFields.number(try take(key)) else { throw problem(key, "is not a finite number") }
    return number
  }

  func numbers(_ key: String, in count: ClosedRange<Int>) throws(PackError) -> [Double] {
    guard let values = try take(key) as? [Any], count.contains(values.count) else {
      throw problem(key, "is not a list of \(count.described) numbers")
    }
    let numbers = values.compactMap { JSONFields.number($0) }
    guard numbers.count == values.count else { throw problem(key, "contains a value that is not a finite number") }
    return numbers
  }

  func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int? = nil) throws(PackError) -> Int {
    let value = try number(key, default: standard.map { Double($0) })
    guard let integer = Int(exactly: value), range.contains(integer) else {
      throw problem(key, "\(value) is not a whole number in \(range.lowerBound)...\(range.upperBound)")
    }
    return integer
  }

  func choice<Value>(_ key: String, _ choices: [String: Value]) throws(PackError) -> Value {
    let text = try text(key)
    guard let value = choices[text] else {
      throw problem(key, "\"\(text)\" is none of \(choices.keys.sorted().joined(separator: ", "))")
    }
    return value
  }

  func object(_ key: String) throws(PackError) -> JSONFields {
    guard let object = try take(key) as? [String: Any] else { throw problem(key, "is not an object") }
    return JSONFields(path: path + key, object)
  }

  func objects(_ key: String, in count: ClosedRange<Int>) throws(PackError) -> [JSONFields] {
    guard let objects = try take(key) as? [[String: Any]], count.contains(objects.count) else {
      throw problem(key, "is not a list of \(count.described) objects")
    }
    return objects.enumerated().map { JSONFields(path: "\(path)\(key)[\($0.offset)]", $0.element) }
  }

  /// A number within float32's range; JSON's true and false are no numbers.
  private static func number(_ value: Any) -> Double? {
    guard let number = value as? NSNumber, ["q", "Q", "i", "d"].contains(String(cString: number.objCType)),
      Float(number.doubleValue).isFinite
    else { return nil }
    return number.doubleValue
  }
}

extension ClosedRange<Int> {
  fileprivate var described: String { lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)" }
}
