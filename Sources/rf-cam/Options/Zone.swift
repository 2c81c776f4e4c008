// --zone: a part of the picture, as a polygon in fractions of its width and height.
import CommandLine
import Host
import Report
import RetinaFace

/// A polygon. Its corners are fractions of the frame: (0, 0) is the top left corner, (1, 1) the bottom right one.
struct Zone {
  /// Empty: the zone has no name.
  let name: FileName
  private let corners: [(x: Float, y: Float)]

  /// The texts that `init` accepts.
  static let validText: StaticString = "[NAME=]X,Y,X,Y,X,Y,... with 3 to 32 corners in fractions 0..1 of width and height"

  private static let maxCorners = 32

  /// Parses "door=0.1,0.2,0.5,0.2,0.5,0.9"; nil for any other text. Names have 1 to 64 letters, digits, - and _.
  init?(_ text: Argument) {
    let (head, tail) = text.split(at: UInt8(ascii: "="))
    name = tail == nil ? [] : FileName(head.bytes)
    if tail != nil, !Zone.isName(name) { return nil }
    var numbers: [Float] = []
    var rest: Argument? = tail ?? head
    while let list = rest {
      let (number, following) = list.split(at: UInt8(ascii: ","))
      guard let value = number.number, value >= 0, value <= 1, numbers.count < 2 * Zone.maxCorners else { return nil }
      numbers.append(Float(value))
      rest = following
    }
    guard numbers.count >= 6, numbers.count % 2 == 0 else { return nil }
    corners = stride(from: 0, to: numbers.count, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
  }

  private static func isName(_ name: FileName) -> Bool {
    (1...64).contains(name.count)
      && name.allSatisfy { (97...122).contains($0 | 32) || (48...57).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }

  /// Returns true if the centre of a box, in pixels, lies in the polygon: an odd number of its edges is to the right.
  func contains(_ box: Box, width: Int, height: Int) -> Bool {
    let (x, y) = ((box.x1 + box.x2) / 2 / Float(width), (box.y1 + box.y2) / 2 / Float(height))
    var isInside = false
    var previous = corners[corners.count - 1]
    for corner in corners {
      if (corner.y > y) != (previous.y > y), x < (previous.x - corner.x) * (y - corner.y) / (previous.y - corner.y) + corner.x {
        isInside.toggle()
      }
      previous = corner
    }
    return isInside
  }
}
