// A pipe or a recorded stream: every frame in order, or the newest one.

/// Reads the frames of a stream.
public final class StreamSource {
  private let reader: StreamReader
  /// `nil`: all frames are delivered, in order.
  private let live: LiveStream?

  init(_ input: ByteStream, _ options: SourceOptions) {
    reader = StreamReader(input, options)
    live = options.isLive ? LiveStream(reader) : nil
  }

  /// True after the first frame if its time is that of arrival, because the film's rate is not known.
  var lacksRate: Bool { live == nil && reader.lacksRate }

  /// The film's frames per second, if they are known; after the first frame.
  var rate: StreamRate? { reader.rate }

  /// Counts of skipped frames.
  var skips: Skips { live?.skips ?? reader.skips }

  /// Frames that a newer one replaced.
  var dropped: Int64 { live?.dropped ?? 0 }

  func next() throws(CaptureError) -> CapturedFrame? {
    if let live { try live.next() } else { try reader.next() }
  }
}
