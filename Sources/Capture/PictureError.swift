// Errors of decoding and encoding pictures.
public import Kernels

/// Why bytes are not a usable picture.
public enum PictureError: MessageError {
  /// There are no bytes.
  case empty
  /// The first bytes are those of no picture that is decoded.
  case notAPicture
  /// The data end before the picture does; `reason` states the position.
  case cutOff(reason: String)
  /// The data are invalid.
  case damaged(reason: String)
  /// A kind of a picture's format that is not decoded.
  case unsupported(reason: String)
  /// A Y4M film whose samples are not 8-bit 4:2:0, 4:2:2 or gray.
  case unsupportedFilm(chroma: String)
  /// The picture has more than 100 megapixels.
  case tooLarge(width: Int, height: Int)
  /// Memory is exhausted; `reason` states its purpose.
  case noMemory(reason: String)
  /// The claimed size cannot be encoded in so few bytes.
  case implausible(width: Int, height: Int, byteCount: Int, minBytes: Int)

  /// The error of a camera's frame, without advice: it cannot be copied again.
  var fact: String {
    switch self {
    case .empty: "it is empty"
    case .notAPicture: "it is no JPEG"
    case .cutOff(let reason): "it is cut off (\(reason))"
    case .damaged(let reason): "it is damaged (\(reason))"
    case .unsupported(let reason): "it cannot be decoded (\(reason))"
    case .unsupportedFilm(let chroma): "it has samples of type C\(chroma)"
    case .tooLarge, .implausible: "it is too short for its size"
    case .noMemory(let reason): "there is no memory for it (\(reason))"
    }
  }

  /// The error and advice, in one line without a full stop.
  public var message: String {
    switch self {
    case .empty: "is empty: check how it was copied or recorded"
    case .notAPicture: "is not a picture that can be read: give a JPEG, PNG, WebP or PNM (P1 to P6)"
    case .cutOff(let reason): "is cut off (\(reason)): copy or record it again"
    case .damaged(let reason): "is damaged (\(reason)): copy or record it again"
    case .unsupported(let reason): "cannot be decoded (\(reason)): save it as an 8-bit JPEG with sides of at most 65500 pixels"
    case .unsupportedFilm(let chroma):
      "has samples of type C\(chroma): convert the film with ffmpeg -pix_fmt yuv420p -f yuv4mpegpipe"
    case .tooLarge(let width, let height):
      "claims \(width) x \(height) pixels, more than 100 megapixels: make it smaller first"
    case .noMemory(let reason): "needs more memory than the system gives (\(reason)): end other programs or make the picture smaller"
    case .implausible(let width, let height, let byteCount, let minBytes):
      "claims \(width) x \(height) pixels, which take \(minBytes) bytes or more, but has \(byteCount): copy or record it again"
    }
  }
}
