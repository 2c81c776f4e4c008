// Feeds the live page from the detector: passes on the newest frame if it has viewers and the worker is free, and returns at
// once. The worker converts, draws and encodes; the server (CPreview) sends. Neither delays detection.
import CHost
import CPreview
import Capture
public import Imaging
public import RetinaFace

/// A live page with the annotated video, the faces and the figures of a run, served as long as this object exists.
public final class Preview {
  /// The page's address for browsers.
  public let url: String
  private let server: OpaquePointer
  private var worker: OpaquePointer?
  private let frame = FrameCopy()
  /// True if `frame` and `faces` belong to the frame passed to `show`.
  private var hasPicture = false
  private var faces: [Face] = []
  /// Covers faces instead of drawing them; set it before the first frame.
  public var cover: Cover?
  private var covered: [CoverShape] = []
  private var facesText: [UInt8] = []
  private var figuresText: [UInt8] = []
  private let canvas = Picture(width: 1, height: 1)
  private let encoder = PictureWriter(quality: 75)
  private var nextSeconds = 0.0

  /// Maximum frame rate of the page: more costs the detector processor time and is hardly visible.
  private static let periodSeconds = 1.0 / 30
  /// Low priority of the worker, so that it does not delay the detector.
  private static let niceness: Int32 = 10

  /// Starts the server and its worker.
  ///
  /// - Throws: `PreviewError` if the build or the system has no server library, or the address is not available.
  public init(_ address: PreviewAddress) throws(PreviewError) {
    var server: OpaquePointer?
    var number: Int32 = 0
    let result = address.withCString { rf_preview_start($0, address.port, &server, &number) }
    switch result {
    case RF_PREVIEW_OK: break
    case RF_PREVIEW_NOT_BUILT: throw .notBuilt
    case RF_PREVIEW_NO_LIBRARY: throw .noLibrary
    case RF_PREVIEW_CANNOT_LISTEN: throw .cannotListen(url: address.url(port: address.port), number: number)
    default: throw .cannotStart
    }
    self.server = server!
    url = address.url(port: rf_preview_port(self.server))
    worker = rf_worker_start(
      { Unmanaged<Preview>.fromOpaque($0!).takeUnretainedValue().publish() },
      Unmanaged.passUnretained(self).toOpaque(), Preview.niceness)
    if worker == nil { throw .cannotStart }
  }

  deinit {
    rf_worker_stop(worker)
    rf_preview_stop(server)
  }

  /// Number of viewers of the video.
  public var viewers: Int { Int(rf_preview_viewers(server, RF_PREVIEW_VIDEO)) }

  /// True if `show` should be called: there are viewers, the previous frame is done and the next one is due.
  public var isReady: Bool {
    guard viewers > 0 || rf_preview_viewers(server, RF_PREVIEW_FACES) > 0 else { return false }
    return rf_seconds() >= nextSeconds && rf_worker_is_free(worker!) != 0
  }

  /// Passes a frame to the page. Costs a copy of its bytes.
  ///
  /// - Parameters:
  ///   - frame: any format and size.
  ///   - faces: in the source's pixels.
  ///   - covered: the places that `cover` covers, in the source's pixels.
  ///   - shrunkBy: how many times smaller `frame` is than the source's picture.
  ///   - facesText: JSON for the page's list of faces, without line breaks.
  ///   - figuresText: JSON for the page's figures; empty: unchanged.
  /// - Precondition: `isReady`.
  public func show(
    _ frame: Frame, _ faces: Faces, covered: [CoverShape] = [], shrunkBy: Int = 1, facesText: [UInt8], figuresText: [UInt8]
  ) {
    // Counts from the time when this frame was due, not from now, so that 30 frames per second stay 30.
    nextSeconds = max(nextSeconds + Preview.periodSeconds, rf_seconds() - Preview.periodSeconds)
    // A frame for which there is no memory is not shown.
    hasPicture = viewers > 0 && self.frame.take(frame)
    if hasPicture {
      self.faces.removeAll(keepingCapacity: true)
      self.covered = covered.map { $0.shrunk(by: Float(shrunkBy)) }
      self.faces.append(contentsOf: faces.lazy.map { $0.shrunk(by: Float(shrunkBy)) })
    }
    self.facesText = facesText
    self.figuresText = figuresText
    rf_worker_run(worker!)
  }

  /// Reports that a frame was processed, for `/healthz`. Call it for every frame.
  public func noteFrame() { rf_preview_note_frame(server) }

  /// Replaces the text of `/metrics`, in Prometheus's text format.
  public func setMetrics(_ text: [UInt8]) { text.withUnsafeBytes { rf_preview_set_metrics(server, $0.baseAddress!, $0.count) } }

  /// Runs on the worker's thread: publishes the picture first, so that it is not later than its faces.
  private func publish() {
    if hasPicture, let frame = frame.frame { publishPicture(frame) }
    put(RF_PREVIEW_FACES, facesText)
    if !figuresText.isEmpty { put(RF_PREVIEW_FIGURES, figuresText) }
  }

  private func publishPicture(_ frame: Frame) {
    // A frame that JPEG cannot hold, or for which there is no memory, is not shown.
    guard canvas.copy(frame) else { return }
    if let cover {
      for shape in covered { cover.apply(shape, to: canvas) }
    } else {
      canvas.draw(faces)
    }
    guard let bytes = try? encoder.encode(canvas) else { return }
    rf_preview_put(server, RF_PREVIEW_VIDEO, bytes.baseAddress!, bytes.count)
  }

  private func put(_ channel: rf_preview_channel, _ text: [UInt8]) {
    text.withUnsafeBytes { rf_preview_put(server, channel, $0.baseAddress!, $0.count) }
  }
}
