// The figures of a run for Prometheus. Source: Prometheus, "Exposition formats", text format; "Metric and label naming".

extension Statistics {
  /// Appends all figures in Prometheus's text format.
  ///
  /// - Parameters:
  ///   - facesInView: number of faces in the newest frame.
  ///   - framesPerSecond: over the last second.
  public func appendMetrics(facesInView: Int, framesPerSecond: Double, to text: inout ByteBuffer) {
    appendMetric("rf_cam_frames_total", "counter", "Frames processed.", counts.frames, to: &text)
    appendMetric("rf_cam_faces_total", "counter", "Faces found, counted in every frame.", counts.faces, to: &text)
    appendMetric("rf_cam_dropped_total", "counter", "Frames that a newer one replaced.", counts.dropped, to: &text)
    appendMetric("rf_cam_reconnects_total", "counter", "Times that a camera was lost and came back.", counts.reconnects, to: &text)
    appendHead("rf_cam_skipped_total", "counter", "Frames and pictures that could not be used, by reason.", to: &text)
    appendSkips("unreadable", counts.unreadable, to: &text)
    appendSkips("damaged", counts.damaged, to: &text)
    appendSkips("unsupported", counts.unsupported, to: &text)
    appendSkips("too_large", counts.tooLarge, to: &text)
    appendMetric("rf_cam_faces", "gauge", "Faces in the newest frame.", Int64(facesInView), to: &text)
    appendHead("rf_cam_frames_per_second", "gauge", "Frames per second over the last second.", to: &text)
    text.append("rf_cam_frames_per_second ")
    text.append(framesPerSecond, decimals: 2)
    text.append("\n")
    appendLatency(to: &text)
  }

  private func appendHead(_ name: StaticString, _ type: StaticString, _ help: StaticString, to text: inout ByteBuffer) {
    text.append("# HELP ")
    text.append(name)
    text.append(" ")
    text.append(help)
    text.append("\n# TYPE ")
    text.append(name)
    text.append(" ")
    text.append(type)
    text.append("\n")
  }

  private func appendMetric(
    _ name: StaticString, _ type: StaticString, _ help: StaticString, _ value: Int64, to text: inout ByteBuffer
  ) {
    appendHead(name, type, help, to: &text)
    text.append(name)
    text.append(" \(value)\n")
  }

  private func appendSkips(_ reason: StaticString, _ value: Int64, to text: inout ByteBuffer) {
    text.append("rf_cam_skipped_total{reason=\"")
    text.append(reason)
    text.append("\"} \(value)\n")
  }
}
