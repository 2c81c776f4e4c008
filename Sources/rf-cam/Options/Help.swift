// The fixed texts of --help and of the manual page.
import CommandLine

/// The version of the program.
let version: StaticString = "0.1.0"

func programDescription() -> ProgramDescription {
  ProgramDescription(
    name: "rf-cam", version: version, summary: "find faces with five landmarks in pictures, streams and cameras",
    usage: "[options] SOURCE...",
    introduction: """
      Finds faces with five landmarks in pictures and streams. A SOURCE is recognised by
      its content, not by its name's ending. It is
      """,
    operands: [
      ("a picture", "JPEG, PNG, PNM or (with libwebp7) WebP"),
      ("a folder", "its pictures, sorted by name"),
      ("-, a fifo, a film", "Y4M, JPEGs or PNMs back to back, or raw frames with --raw"),
      ("pattern:WxH", "a generated picture, for tests and timing"),
      ("/dev/videoN", "a camera, until Ctrl-C; also by its names in /dev/v4l"),
      ("camera", "the first camera; waits until one is connected"),
    ],
    closing: """
      Text: source, score, x1 y1 x2 y2, then x y of left eye, right eye, nose, left and right mouth corner.
      Faces of a stream have an id (text: id=N at the end of the line) that is kept between frames and for up to a
      second out of sight.
      Exit status: 0: complete; 1: something failed (one line each on standard error); 2: invalid command line.
      """)
}
