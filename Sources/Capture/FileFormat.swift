// Identifies formats that are not decoded, for messages with the command that converts them.
// Source of the signatures: the formats' specifications, as the file(1) database collects them.
import CHost

/// A format of pictures or films that is not decoded.
public struct FileFormat: Equatable, Sendable {
  let name: StaticString
  /// Command that converts a file to a readable format; IN stands for the file.
  let command: StaticString

  /// The error of a file of this format, and advice.
  public var problem: String { "not read, the format is \(name.description): try \(command.description) (IN: the file)" }

  /// Compares the names' bytes: one name has several signatures.
  public static func == (a: FileFormat, b: FileFormat) -> Bool {
    a.name.utf8CodeUnitCount == b.name.utf8CodeUnitCount && memcmp(a.name.utf8Start, b.name.utf8Start, a.name.utf8CodeUnitCount) == 0
  }

  private static let film: StaticString = "ffmpeg -i IN -pix_fmt yuv420p -f yuv4mpegpipe - | rf-cam -"
  private static let still: StaticString = "ffmpeg -i IN out.jpg"

  /// Signatures at the start of a file. A signature precedes those that it begins with.
  private static let signatures: [(bytes: [UInt8], format: FileFormat)] = [
    // For programs without PNG.
    (PNGDecoder.magic, FileFormat(name: "PNG", command: "pngtopnm IN >out.ppm")),
    (Array("GIF8".utf8), FileFormat(name: "GIF", command: film)),
    (Array("BM".utf8), FileFormat(name: "BMP", command: "bmptopnm IN >out.ppm")),
    (
      [0x49, 0x49, 0x2A, 0x00], FileFormat(name: "TIFF or camera raw", command: "tifftopnm IN >out.ppm (camera raw: dcraw -c IN >out.ppm)")
    ),
    (
      [0x4D, 0x4D, 0x00, 0x2A], FileFormat(name: "TIFF or camera raw", command: "tifftopnm IN >out.ppm (camera raw: dcraw -c IN >out.ppm)")
    ),
    (Array("FUJIFILMCCD-RAW".utf8), FileFormat(name: "camera raw", command: "dcraw -c IN >out.ppm")),
    (Array("IIRO".utf8), FileFormat(name: "camera raw", command: "dcraw -c IN >out.ppm")),
    ([0x49, 0x49, 0x55, 0x00], FileFormat(name: "camera raw", command: "dcraw -c IN >out.ppm")),
    ([0xFF, 0x0A], FileFormat(name: "JPEG XL", command: "djxl IN out.jpg")),
    ([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20], FileFormat(name: "JPEG XL", command: "djxl IN out.jpg")),
    ([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20], FileFormat(name: "JPEG 2000", command: "opj_decompress -i IN -o out.ppm")),
    ([0xFF, 0x4F, 0xFF, 0x51], FileFormat(name: "JPEG 2000", command: "opj_decompress -i IN -o out.ppm")),
    (Array("P7\n".utf8), FileFormat(name: "PAM", command: "pamtopnm IN >out.ppm")),
    (Array("PF\n".utf8), FileFormat(name: "PFM", command: "pfmtopam IN | pamtopnm >out.ppm")),
    (Array("Pf\n".utf8), FileFormat(name: "PFM", command: "pfmtopam IN | pamtopnm >out.ppm")),
    (Array("8BPS".utf8), FileFormat(name: "Photoshop", command: still)),
    (Array("qoif".utf8), FileFormat(name: "QOI", command: still)),
    ([0x76, 0x2F, 0x31, 0x01], FileFormat(name: "OpenEXR", command: still)),
    ([0x1A, 0x45, 0xDF, 0xA3], FileFormat(name: "Matroska or WebM", command: film)),
    ([0x00, 0x00, 0x01, 0xBA], FileFormat(name: "MPEG", command: film)),
    ([0x00, 0x00, 0x01, 0xB3], FileFormat(name: "MPEG", command: film)),
    (Array("FLV\u{1}".utf8), FileFormat(name: "FLV", command: film)),
    ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], FileFormat(name: "WMV", command: film)),
    (Array("OggS".utf8), FileFormat(name: "Ogg", command: film)),
    (Array("YUV4MPEG2".utf8), FileFormat(name: "Y4M film", command: "rf-cam IN")),
  ]

  /// Formats whose signature follows other bytes: RIFF containers, and the brand of ISO media files.
  private static let contained: [(offset: Int, bytes: [UInt8], format: FileFormat)] = [
    (8, Array("AVI ".utf8), FileFormat(name: "AVI", command: film)),
    (4, Array("ftypavi".utf8), FileFormat(name: "AVIF", command: "avifdec IN out.jpg")),
    (4, Array("ftyphei".utf8), FileFormat(name: "HEIC", command: "heif-convert IN out.jpg")),
    (4, Array("ftyphev".utf8), FileFormat(name: "HEIC", command: "heif-convert IN out.jpg")),
    (4, Array("ftypmif1".utf8), FileFormat(name: "HEIC", command: "heif-convert IN out.jpg")),
    (4, Array("ftypmsf1".utf8), FileFormat(name: "HEIC", command: "heif-convert IN out.jpg")),
    (4, Array("ftypcrx ".utf8), FileFormat(name: "camera raw", command: "dcraw_emu -Z - IN >out.ppm")),
    (4, Array("ftyp".utf8), FileFormat(name: "MP4 or MOV", command: film)),
    (4, Array("moov".utf8), FileFormat(name: "MP4 or MOV", command: film)),
    (4, Array("mdat".utf8), FileFormat(name: "MP4 or MOV", command: film)),
  ]

  /// A film of JPEGs in a folder of pictures.
  static let recordedStream = FileFormat(name: "recorded MJPEG film", command: "rf-cam IN")

  /// Identifies the format of a file from its first bytes; `nil` if it is none of a picture or film.
  init?(_ bytes: UnsafeRawBufferPointer) {
    func has(_ signature: [UInt8], at offset: Int) -> Bool {
      bytes.count >= offset + signature.count && bytes[offset..<(offset + signature.count)].elementsEqual(signature)
    }
    if WebPDecoder.begins(bytes) {
      self.init(name: "WebP", command: WebPDecoder.canBeInstalled ? "apt-get install libwebp7" : "dwebp IN -ppm -o out.ppm")
    } else if let found = Self.signatures.first(where: { has($0.bytes, at: 0) }) {
      self = found.format
    } else if let found = Self.contained.first(where: { has($0.bytes, at: $0.offset) && ($0.offset == 4 || has(Array("RIFF".utf8), at: 0)) }
    ) {
      self = found.format
    } else if bytes.count > 376, bytes[0] == 0x47, bytes[188] == 0x47, bytes[376] == 0x47 {
      self.init(name: "MPEG", command: Self.film)
    } else {
      return nil
    }
  }

  private init(name: StaticString, command: StaticString) { (self.name, self.command) = (name, command) }
}

/// Files of one format that a folder's source has skipped.
struct SkippedFormat {
  let format: FileFormat
  /// The first file's path.
  let example: String
  var count = 1
}
