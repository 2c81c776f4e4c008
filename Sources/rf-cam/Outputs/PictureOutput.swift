// --output and --crops: annotated pictures and aligned face crops.
import CHost
import Capture
import CommandLine
import Host
import Imaging
import Report
import RetinaFace

/// Annotated pictures and crops of every frame. Both are one output, because the files of a frame have one number.
final class PictureOutput: Output {
  private let annotated: FileName?
  private let crops: FileName?
  private let files: OutputFiles
  /// The real paths of the folders, to recognise pictures in them.
  private let realFolders: [FileName]

  /// Makes the folders; nil where the options ask for no pictures. Under --format wider, --output is for prediction files.
  init?(_ options: Options, _ paths: OutputPaths) throws(ProgramError) {
    annotated = options.writesAnnotated ? options.output.map { FileName($0.bytes) } : nil
    crops = options.crops.map { FileName($0.bytes) }
    files = OutputFiles(options, paths)
    var realFolders: [FileName] = []
    for folder in [annotated, crops] {
      guard let folder else { continue }
      try files.make(folder)
      if let real = try? realPath(folder) { realFolders.append(real) }
    }
    self.realFolders = realFolders
    super.init()
    if annotated == nil && crops == nil { return nil }
  }

  override var usesPixels: Bool { true }

  override func endSource() { files.endSource() }

  override func isOwn(_ path: UnsafePointer<CChar>, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard OutputMark.source(of: bytes, commentOffset: PictureWriter.commentOffset) != nil,
      let real = try? realPath(FileName(Argument(path).bytes))
    else { return false }
    return realFolders.contains { real.starts(with: $0 + FileName("/".utf8)) }
  }

  /// A face whose landmarks are all at one place has no direction and gets no crop.
  override func write(_ frame: inout OutputFrame, _ statistics: borrowing Statistics) throws(ProgramError) {
    guard let encoded = frame.encoded else { return }
    if let failure = encoded.failure { throw failure }
    var wanted: [OutputFile] = []
    if let annotated { wanted.append(OutputFile(folder: annotated, suffix: [], ending: ".jpg")) }
    if let crops {
      wanted += encoded.crops.indices.map { OutputFile(folder: crops, suffix: FileName("-face\($0)".utf8), ending: ".jpg") }
    }
    if wanted.isEmpty {
      frame.files.crops = crops == nil ? nil : []
      return
    }
    let (name, source) = (frame.report.source, encoded.source)
    var files = WrittenFiles()
    let body: ([OutputPath]) throws(ProgramError) -> Void = { paths throws(ProgramError) in
      files = try self.write(encoded, to: paths)
    }
    defer { frame.files = files }
    if frame.isPicture {
      let stem = pictureStem(name: frame.name, relativeName: frame.relativeName)
      let owner = OutputOwner(source: name) { self.recognise($0, $1, source: source) }
      let first = outputPath(wanted[0], stem: stem, number: 1)
      let given = try self.files.paths.paths(of: wanted, stem: stem, key: source, owner: owner)
      if given[0].path != first { reportForeign(first, given[0].path, owner) }
      try makeFolders(of: wanted, stem)
      try body(given)
    } else {
      let folders = [annotated, crops].compactMap { $0 }
      let stem = streamStem(relativeName: frame.relativeName)
      try self.files.writeStream(stem, frame.report.frame, width: 6, folders, wanted, body)
    }
  }

  private func write(_ encoded: EncodedPictures, to paths: [OutputPath]) throws(ProgramError) -> WrittenFiles {
    var files = WrittenFiles()
    if crops != nil { files.crops = [] }
    let firstCrop = annotated == nil ? 0 : 1
    for (index, crop) in encoded.crops.enumerated() {
      if let crop { try write(crop, to: paths[firstCrop + index]) }
      files.crops?.append(crop == nil ? nil : paths[firstCrop + index].path)
    }
    if let picture = encoded.annotated {
      try write(picture, to: paths[0])
      files.picture = paths[0].path
    }
    return files
  }

  private func write(_ bytes: [UInt8], to path: OutputPath) throws(ProgramError) {
    let failure: ProgramError? = bytes.withUnsafeBytes { bytes in
      do throws(ProgramError) { try files.publish(path, bytes) } catch { return error }
      return nil
    }
    if let failure { throw failure }
  }

  private func recognise(_ path: FileName, _ info: rf_file_info, source: UInt64) -> RecognisedOutput {
    let offset = PictureWriter.commentOffset
    let head = firstBytes(of: path, info, count: OutputMark.headBytes(commentOffset: offset))
    guard let claimed = head.withUnsafeBytes({ OutputMark.claimedSource($0, commentOffset: offset) }) else { return .foreign }
    if claimed != source { return .ofOther(claimed) }
    let whole = firstBytes(of: path, info, count: OutputFiles.maxOwnBytes)
    return whole.withUnsafeBytes { OutputMark.source(of: $0, commentOffset: offset) } == source ? .own : .foreign
  }

  /// Reports that a file of another program already has the first choice of name.
  private func reportForeign(_ wanted: FileName, _ given: FileName, _ owner: OutputOwner) {
    guard !files.isQuiet, let info = fileInfo(wanted) else { return }
    if info.kind == RF_FILE_REGULAR, case .foreign = owner.recognises(wanted, info) {
      log(
        "\(String(fileName: wanted)): belongs to another program and is not replaced: writing \(String(fileName: lastComponent(of: given)))"
      )
    }
  }

  private func makeFolders(of wanted: [OutputFile], _ stem: FileName) throws(ProgramError) {
    let below = parent(of: stem)
    if below.isEmpty { return }
    if annotated != nil { try files.make(wanted[0].folder + FileName("/".utf8) + below) }
    if let crops, wanted.count > (annotated == nil ? 0 : 1) { try files.make(crops + FileName("/".utf8) + below) }
  }
}
