// Draws, cuts out and encodes the pictures of --output and --crops. A thread has its own encoder; PictureOutput writes the files.
import Capture
import CommandLine
import Host
import Imaging
import RetinaFace

/// The files of a frame, as bytes.
struct EncodedPictures {
  /// The hash of the source, which the files contain.
  let source: UInt64
  /// nil: not wanted.
  var annotated: [UInt8]?
  /// One per face; nil for a face without direction. Empty: not wanted.
  var crops: [[UInt8]?] = []
  /// A picture could not be encoded; the others are not written either.
  var failure: ProgramError?
}

/// Encodes one frame after another with the same memory.
final class PictureEncoder {
  private let wantsAnnotated: Bool
  private let wantsCrops: Bool
  /// nil: faces are drawn.
  private let cover: Cover?
  private let writer = PictureWriter()
  private let canvas = Picture(width: 1, height: 1)
  private let crop = Picture(width: FaceTemplate.side, height: FaceTemplate.side)

  /// nil where the options ask for no pictures.
  init?(_ options: Options) {
    cover = options.anonymisation.style.map { Cover($0, keep: options.anonymisation.keep) }
    (wantsAnnotated, wantsCrops) = (options.writesAnnotated, options.crops != nil)
    if !wantsAnnotated && !wantsCrops { return nil }
  }

  func encode(_ frame: Frame, _ faces: Faces, _ covered: CoveredPlaces, source name: FileName, isPicture: Bool) -> EncodedPictures {
    var result = EncodedPictures(source: hash(of: isPicture ? (try? realPath(name)) ?? name : name))
    do throws(PictureError) {
      // Crops are cut from the frame before faces are drawn on it.
      if wantsCrops {
        for face in faces {
          result.crops.append(crop.cropFace(face.landmarks, from: frame) ? try sealedJPEG(crop, writer, source: result.source) : nil)
        }
      }
      if wantsAnnotated {
        guard canvas.copy(frame) else { throw .noMemory(reason: "\(frame.width) x \(frame.height) pixels to draw on") }
        if let cover {
          for shape in covered.shapes { cover.apply(shape, to: canvas) }
        } else {
          canvas.draw(faces)
        }
        result.annotated = try sealedJPEG(canvas, writer, source: result.source)
      }
    } catch {
      result.failure = .picture(path: String(fileName: name), error)
    }
    return result
  }
}

/// Encodes a picture with rf-cam's mark.
func sealedJPEG(_ picture: Picture, _ writer: PictureWriter, source: UInt64) throws(PictureError) -> [UInt8] {
  let bytes = try writer.encode(picture, comment: OutputMark.comment(source: source))
  OutputMark.seal(bytes, commentOffset: PictureWriter.commentOffset)
  return [UInt8](UnsafeRawBufferPointer(bytes))
}
