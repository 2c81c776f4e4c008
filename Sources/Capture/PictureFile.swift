// A file of a picture source, and what reading it gives.
import Imaging

/// A file that was named or found in a folder. It need not be a picture.
public struct PictureFile {
  let path: FilePath
  /// The path relative to the given folder; for a file that was named itself, the whole path.
  let relativePath: FilePath
  /// The file was named itself, not found in a folder: whatever it is, it is expected to be a picture.
  let isAlone: Bool

  /// The path for messages.
  public var name: String { path.text }
  /// The path in the system's bytes, which need not be UTF-8.
  public var nameBytes: [UInt8] { path.nameBytes }

  /// True if the file must be a picture, by the way it was named.
  var isGiven: Bool { isAlone || relativePath.looksLikePicture }
}

/// The content of a file.
public enum PictureContent {
  /// A picture; the pixels are the loader's until its next call. The frame's index is 0.
  case picture(CapturedFrame)
  /// A picture or film of a format that is not decoded, in a folder.
  case otherFormat(FileFormat)
  /// Something else in a folder.
  case noPicture
  /// A picture that the program itself wrote into an output folder.
  case ownOutput
  /// A recorded stream that was named itself: `Source.open` reads it.
  case film
}
