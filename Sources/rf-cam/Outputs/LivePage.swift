// --preview: frames, faces and figures for the live page. Text is made only for connected viewers.
import CHost
import Capture
import CommandLine
import Engine
import Imaging
import Kernels
import Preview
import Report
import RetinaFace

/// Sends frames and figures to the live page.
final class LivePage: Output {
  private let preview: Preview
  /// The constant part: model, kernels, threads, as the beginning of a JSON object.
  private var about = ByteBuffer()
  private var text = ByteBuffer()
  private var figures = ByteBuffer()
  private var rate = FrameRate()
  private var nextMetrics = 0.0

  /// Starts to serve and, unless the run is quiet, logs the address.
  init(_ address: PreviewAddress, _ loaded: LoadedModel, _ options: Options) throws(ProgramError) {
    do { preview = try Preview(address) } catch { throw .preview(error) }
    preview.cover = options.anonymisation.style.map { Cover($0, keep: options.anonymisation.keep) }
    super.init()
    if !options.isQuiet { log("preview at \(preview.url)") }
    let model = loaded.model
    about.append("{\"model\":")
    about.append(jsonString: model.name.utf8)
    about.append(model.precision == .int8 ? ",\"precision\":\"int8\"" : ",\"precision\":\"float32\"")
    about.append(",\"kernels\":")
    about.append(jsonString: options.isa.description.utf8)
    about.append(",\"threads\":\(options.threads)")
  }

  override func write(_ frame: inout OutputFrame, _ statistics: borrowing Statistics) throws(ProgramError) {
    rate.count()
    preview.noteFrame()
    if metricsAreDue {
      text.clear()
      statistics.appendMetrics(facesInView: frame.faces.count, framesPerSecond: rate.framesPerSecond, to: &text)
      preview.setMetrics(text.bytes)
      nextMetrics = rf_seconds() + 1
    }
    guard let pixels = frame.pixels, preview.isReady else { return }
    text.clear()
    appendJSONObject(frame.report, frame.faces, to: &text)
    figures.clear()
    if rate.isNew { appendFigures(statistics) }
    preview.show(
      pixels.frame, frame.faces, covered: frame.covered.shapes, shrunkBy: pixels.shrunkBy, facesText: text.bytes, figuresText: figures.bytes
    )
  }

  private var metricsAreDue: Bool { rf_seconds() >= nextMetrics }

  private func appendFigures(_ statistics: borrowing Statistics) {
    rate.isNew = false
    figures.append(about.bytes)
    figures.append(",\"viewers\":\(preview.viewers),\"frames_per_second\":")
    figures.append(rate.framesPerSecond, decimals: 2)
    figures.append(",\"stats\":")
    statistics.appendJSON(to: &figures)
    figures.append("}")
  }
}

/// Frames a second, over the last one.
struct FrameRate {
  private(set) var framesPerSecond = 0.0
  /// Since it was looked at last.
  var isNew = false
  private var startSeconds = rf_seconds()
  private var frames = 0

  /// A frame is done.
  mutating func count() {
    frames += 1
    let seconds = rf_seconds() - startSeconds
    guard seconds >= 1 else { return }
    framesPerSecond = Double(frames) / seconds
    (frames, startSeconds, isNew) = (0, rf_seconds(), true)
  }
}
