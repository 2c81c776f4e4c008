// The files that a run reads and that the user named: none of them may become an output, whatever name leads to it.
import CHost

/// Identities of the named sources, the model, the configuration file and standard input, as far as they are regular files.
///
/// Files in source folders are not listed: `OutputPaths` replaces only what rf-cam wrote for the same picture, and pictures
/// that rf-cam wrote into this run's output folders are no sources there (`FrameFiles.isOwnOutput`).
final class InputFiles {
  private var identities = NumberTable()

  init(_ options: Options) {
    for source in options.sources {
      if source.equals("-") { add(descriptor: STDIN_FILENO) } else { add(source.pointer) }
    }
    if let model = options.model { add(model.pointer) }
    if let config = options.config { add(config.pointer) }
  }

  private func add(_ path: UnsafePointer<CChar>) {
    var info = rf_file_info()
    if rf_file_look(path, &info) == 0, info.kind == RF_FILE_REGULAR { identities[key(info)] = 1 }
  }

  private func add(descriptor: Int32) {
    var info = rf_file_info()
    if rf_file_look_open(descriptor, &info) == 0, info.kind == RF_FILE_REGULAR { identities[key(info)] = 1 }
  }

  func contains(_ path: FileName) -> Bool {
    var info = rf_file_info()
    return withCString(path) { rf_file_look($0, &info) } == 0 && contains(info)
  }

  func contains(descriptor: Int32) -> Bool {
    var info = rf_file_info()
    return rf_file_look_open(descriptor, &info) == 0 && contains(info)
  }

  /// Two files of one hash would be an output that is renamed without need.
  func contains(_ info: rf_file_info) -> Bool { info.kind == RF_FILE_REGULAR && identities[key(info)] != nil }

  private func key(_ info: rf_file_info) -> UInt64 {
    (info.inode &* 0xff51_afd7_ed55_8ccd) ^ (info.device &* 0xc4ce_b9fe_1a85_ec53)
  }
}
