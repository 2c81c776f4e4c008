// --help, from the table of options.
import Report

func appendHelp(to text: inout ByteBuffer) {
  text.append("""
    usage: rf-cam [options] SOURCE...

    Finds faces with five landmarks in pictures and streams. A SOURCE is
      a picture     JPEG or PNM (PGM, PPM)
      a folder      its pictures, sorted by name
      -, a fifo     JPEGs back to back, or raw frames with --raw
      pattern:WxH   a made picture, for tests and timing
      /dev/videoN   a camera, until Ctrl-C; also by its names in /dev/v4l
      camera        the first camera there is; waits for one

    options:

    """)
  for entry in optionTable() { append(entry, to: &text) }
  text.append("""

    Text: source, score, x1 y1 x2 y2, then x y of left eye, right eye, nose, left and right mouth corner.
    Faces of a stream have an id (text: id=N at the line's end) that lasts over frames, also over a second out of sight.
    Exit: 0 all done, 1 something failed (one line each on standard error), 2 the command line was wrong.

    """)
}

private func append(_ entry: OptionEntry, to text: inout ByteBuffer) {
  text.append("  ")
  text.append(entry.name)
  if let short = entry.short {
    text.append(", ")
    text.append(short)
  }
  if case .value(let valid, _) = entry.action {
    text.append(" ")
    text.append(valid)
  }
  text.append("\n      ")
  for byte in UnsafeBufferPointer(start: entry.help.utf8Start, count: entry.help.utf8CodeUnitCount) {
    text.append(byte: byte)
    if byte == UInt8(ascii: "\n") { text.append("      ") }
  }
  text.append("\n")
}
