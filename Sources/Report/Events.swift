// Formats the events of --format events: one JSON object per line.
import RetinaFace

/// The kind of an event.
public enum FaceEvent {
  /// A new face stays in view.
  case enter
  /// The best picture of a face so far is known.
  case best
  /// A face is out of view.
  case leave

  var name: StaticString {
    switch self {
    case .enter: "enter"
    case .best: "best"
    case .leave: "leave"
    }
  }
}

/// Details of an event; absent ones are not written.
public struct EventDetails {
  /// The zone in which the face was seen first.
  public var zone: [UInt8]?
  /// 0...1.
  public var quality: Float?
  /// The file with the aligned face.
  public var crop: [UInt8]?
  /// Duration of a visit.
  public var seconds: Double?

  public init() {}
}

/// Appends one event. Source first and box last, as in results, so that a file of events is recognised as results of rf-cam.
public func appendEvent(_ event: FaceEvent, _ face: Face, _ details: EventDetails, _ frame: FrameReport, to text: inout ByteBuffer) {
  appendJSONBeginning(frame.source, to: &text)
  text.append(",\"event\":\"")
  text.append(event.name)
  text.append("\",\"id\":\(face.id ?? 0)")
  appendTimes(frame, to: &text)
  if let zone = details.zone {
    text.append(",\"zone\":")
    text.append(jsonString: zone)
  }
  if let quality = details.quality {
    text.append(",\"quality\":")
    text.append(quality, decimals: 3)
  }
  if let crop = details.crop {
    text.append(",\"crop\":")
    text.append(jsonString: crop)
  }
  if let seconds = details.seconds {
    text.append(",\"seconds\":")
    text.append(seconds, decimals: 3)
  }
  text.append(",\"score\":")
  text.append(face.score, decimals: 5)
  appendBox(face.box, to: &text)
  text.append("}\n")
}
