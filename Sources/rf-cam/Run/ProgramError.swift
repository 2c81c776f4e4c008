// The errors of a run, each as one line: the problem, its place, the next thing to try.
import Capture
import CommandLine
import Engine
import Host
import Preview
import Report
import RetinaFace

/// A failure that is reported and counted and ends its source or the run.
enum ProgramError: Error {
  /// A call of the operating system, with its errno.
  case file(action: StaticString, path: String, Errno)
  case load(path: String, LoadError)
  case model(path: String, ModelError)
  case noModel
  case detector(path: String, DetectorError)
  case memory(path: String, bytes: Int, width: Int, height: Int)
  case threads(Int, Errno)
  /// A list of names that cannot be read on.
  case list(path: String, problem: String)
  case overwritesSource(path: String)
  case picture(path: String, PictureError)
  case preview(PreviewError)
  /// Results cannot go to that place, now or later.
  case results(path: String, problem: String)
  /// A film has frames of streams only, of one size.
  case video(path: String)
  case videoSize(path: String, width: Int, height: Int)
  /// A picture has no tracks and so no events.
  case events(path: String)
  /// A file of that name is in the way and no other name will do.
  case notReplaced(path: String)

  /// 2 where the command line can never work here: the service is then not restarted (Packaging/rf-cam.service).
  var exitStatus: Int32 {
    switch self {
    case .results, .preview(.notBuilt), .preview(.noLibrary): 2
    default: 1
    }
  }

  /// True if the network's input was too large, so that the frame was skipped.
  var isTooLarge: Bool {
    switch self {
    case .detector, .memory: true
    default: false
    }
  }

  var description: String {
    switch self {
    case .file(let action, let path, let errno):
      return "\(path): cannot \(action): \(errno.message)"
    case .load(let path, let error):
      return "\(path): \(error.description)"
    case .model(let path, let error):
      return "\(path): \(error.description)"
    case .noModel:
      return "this build has no embedded model: name a file with --model FILE (`make model WEIGHTS=x.pth OUT=x.rfm` makes one)"
    case .detector(let path, let error):
      return "\(path): \(error.description)"
    case .memory(let path, let bytes, let width, let height):
      return "\(path): cannot allocate \(bytes >> 20) MB for feature maps at \(width) x \(height): choose a smaller --size"
    case .threads(let count, let errno):
      return "cannot start \(count) threads: \(errno.message): try fewer --threads or --jobs"
    case .list(let path, let problem):
      return "\(path): \(problem)"
    case .overwritesSource(let path):
      return "\(path): not written, because it would replace the source: choose another folder"
    case .picture(let path, let error):
      return "\(path): \(error.message)"
    case .preview(let error):
      return error.message
    case .results(let path, let problem):
      return "\(path): \(problem): name another file with --results"
    case .video(let path):
      return "\(path): is a picture, and the film of --output - needs a stream or a camera: name a folder, --output DIR"
    case .videoSize(let path, let width, let height):
      return "\(path): has a frame of \(width) x \(height) pixels now, and a film has one size: the frame is black"
    case .events(let path):
      return "\(path): is a picture, and --format events and --best-shots need a stream or a camera: use --crops or --format json"
    case .notReplaced(let path):
      return "\(path): not written, because it would replace a file of another program: choose another folder"
    }
  }
}

/// Logs a failure.
func logError(_ message: String) { log("rf-cam: \(message)") }
