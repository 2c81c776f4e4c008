// The beginning of a manual page in roff (groff_man(7)): from the title to the options. Not in programs for boards, which have no
// manual pages.
#if !hasFeature(Embedded)
import Report

extension ByteBuffer {
  /// Appends title, name, synopsis, description and options.
  public mutating func append<Options>(manualOf program: ProgramDescription, _ table: [Option<Options>]) {
    append(".TH \(program.name) 1 \"\" \"\(program.name) \(program.version)\" \"User Commands\"\n.SH NAME\n")
    append(roff: "\(program.name)")
    append(" \\- ")
    append(roff: "\(program.summary)\n")
    append(".SH SYNOPSIS\n.B ")
    append(roff: "\(program.name)\n\(program.usage)\n")
    append(".SH DESCRIPTION\n")
    append(roff: "\(program.introduction)\n")
    for (form, help) in program.operands {
      append(".TP\n.B ")
      append(roff: "\(form)\n\(help)\n")
    }
    append(".SH OPTIONS\n")
    for option in table {
      if let help = option.help { append(option, help) }
    }
  }

  private mutating func append<Options>(_ option: Option<Options>, _ help: StaticString) {
    append(".TP\n\\fB")
    append(roff: "\(option.name)")
    append("\\fR")
    if let short = option.short {
      append(", \\fB")
      append(roff: "\(short)")
      append("\\fR")
    }
    if case .value(let valid, _, _) = option.action {
      append(" \\fI")
      append(roff: valid)
      append("\\fR")
    }
    append("\n")
    append(roff: "\(help)\n")
  }

  /// Appends text with its backslashes, hyphens and requests escaped.
  private mutating func append(roff text: String) {
    var isLineStart = true
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append("\\e")
      case UInt8(ascii: "-"): append("\\-")
      case UInt8(ascii: ".") where isLineStart, UInt8(ascii: "'") where isLineStart:
        append("\\&")
        append(byte: byte)
      default: append(byte: byte)
      }
      isLineStart = byte == UInt8(ascii: "\n")
    }
  }
}
#endif
