// --help and the table for completion, from a table of options.
import Report

extension ByteBuffer {
  /// Appends the help of a program.
  public mutating func append<Options>(helpOf program: ProgramDescription, _ table: [Option<Options>]) {
    append("usage: ")
    append(program.name)
    append(" ")
    append(program.usage)
    append("\n\n")
    append(program.introduction)
    append("\n")
    let width = program.operands.reduce(0) { max($0, $1.form.utf8CodeUnitCount) }
    for (form, help) in program.operands {
      append("  ")
      append(form)
      append(spaces: width - form.utf8CodeUnitCount + 3)
      append(help)
      append("\n")
    }
    append("\noptions:\n")
    append(optionsOf: table)
    if program.closing.utf8CodeUnitCount > 0 {
      append("\n")
      append(program.closing)
      append("\n")
    }
  }

  /// Appends each option with its valid values and its help.
  public mutating func append<Options>(optionsOf table: [Option<Options>]) {
    for option in table {
      guard let help = option.help else { continue }
      append("  ")
      append(option.name)
      if let short = option.short {
        append(", ")
        append(short)
      }
      if case .value(let valid, _, _) = option.action {
        append(" ")
        append(valid)
      }
      append("\n      ")
      for byte in utf8(of: help) {
        append(byte: byte)
        if byte == UInt8(ascii: "\n") { append("      ") }
      }
      append("\n")
    }
  }

  /// Appends one line per option for Packaging/rf-cam.bash: `NAME flag`, `NAME files`, `NAME folders` or `NAME words WORD...`.
  public mutating func append<Options>(completionOf table: [Option<Options>]) {
    for option in table where option.help != nil {
      append(option.name)
      switch option.action {
      case .flag: append(" flag\n")
      case .value(_, .files, _): append(" files\n")
      case .value(_, .folders, _): append(" folders\n")
      case .value(_, .words(let words), _):
        append(" words ")
        append(words)
        append("\n")
      }
      if let short = option.short {
        append(short)
        append(" flag\n")
      }
    }
  }
}
