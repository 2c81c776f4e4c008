// The files that a run reads and that the user named: none of them may become an output, whatever name leads to it.
import CHost
import CommandLine
import Host

/// Identities of the named sources, the model, the configuration file and standard input, as far as they are regular files.
///
/// Files in source folders are not listed: `OutputPaths` replaces only what rf-cam wrote for the same picture, and pictures
/// that rf-cam wrote into this run's output folders are no sources there (`PictureOutput.isOwn`).
final class InputFiles {
  private var identities = NumberTable()

  init(_ options: Options) {
    for source in options.sources {
      add(source.equals("-") ? fileInfo(descriptor: STDIN_FILENO) : fileInfo(FileName(source.bytes)))
    }
    for file in [options.model, options.config, options.filesFrom] {
      if let file { add(fileInfo(FileName(file.bytes))) }
    }
  }

  private func add(_ info: rf_file_info?) {
    if let info, info.kind == RF_FILE_REGULAR { identities[key(info)] = 1 }
  }

  func contains(_ path: FileName) -> Bool { fileInfo(path).map(contains) ?? false }

  func contains(descriptor: Int32) -> Bool { fileInfo(descriptor: descriptor).map(contains) ?? false }

  /// Two files of one hash would be an output that is renamed without need.
  func contains(_ info: rf_file_info) -> Bool { info.kind == RF_FILE_REGULAR && identities[key(info)] != nil }

  private func key(_ info: rf_file_info) -> UInt64 {
    (info.inode &* 0xff51_afd7_ed55_8ccd) ^ (info.device &* 0xc4ce_b9fe_1a85_ec53)
  }
}
