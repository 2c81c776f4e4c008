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
  private let encoder = PictureWriter()
  private let canvas = Picture(width: 1, height: 1)
  private let crop = Picture(width: FaceTemplate.side, height: FaceTemplate.side)
  /// The real paths of the folders, to recognise pictures in them.
  private var realFolders: [FileName] = []
  private var isLeavingOutReported = false

  /// Makes the folders; nil where the options ask for no pictures. Under --format wider, --output is for prediction files.
  init?(_ options: Options, _ paths: OutputPaths) throws(ProgramError) {
    annotated = options.format == .wider ? nil : options.output.map { FileName($0.bytes) }
    crops = options.crops.map { FileName($0.bytes) }
    files = OutputFiles(options, paths)
    super.init()
    if annotated == nil && crops == nil { return nil }
    for folder in [annotated, crops] {
      guard let folder else { continue }
      try files.make(folder)
      if let real = try? realPath(folder) { realFolders.append(real) }
    }
  }

  override var usesPixels: Bool { true }

  override func endSource() { files.endSource() }

  override func isOwn(_ path: UnsafePointer<CChar>, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard !realFolders.isEmpty, OutputMark.source(of: bytes, commentOffset: PictureWriter.commentOffset) != nil,
      let real = try? realPath(FileName(Argument(path).bytes)),
      realFolders.contains(where: { real.starts(with: $0 + FileName("/".utf8)) })
    else { return false }
    if !files.isQuiet, !isLeavingOutReported {
      log("\(String(fileName: real)): written by rf-cam into an output folder of this run: such pictures are skipped")
    }
    isLeavingOutReported = true
    return true
  }

  /// A face whose landmarks are all at one place has no direction and gets no crop.
  override func write(_ frame: OutputFrame, _ statistics: borrowing Statistics) throws(ProgramError) {
    let (captured, faces) = (frame.captured, frame.faces)
    var wanted: [OutputFile] = []
    if let annotated { wanted.append(OutputFile(folder: annotated, suffix: [], ending: ".jpg")) }
    if let crops {
      wanted += faces.indices.map { OutputFile(folder: crops, suffix: FileName("-face\($0)".utf8), ending: ".jpg") }
    }
    if wanted.isEmpty { return }
    let name = captured.nameBytes
    let source = hash(of: frame.isPicture ? (try? realPath(name)) ?? name : name)
    let body: ([OutputPath]) throws(ProgramError) -> Void = { paths throws(ProgramError) in
      try self.write(paths, captured.frame, faces, source: source)
    }
    if frame.isPicture {
      let stem = pictureStem(name: captured.name, relativeName: captured.relativeName)
      let owner = OutputOwner(source: name) { self.recognise($0, $1, source: source) }
      let first = outputPath(wanted[0], stem: stem, number: 1)
      let given = try files.paths.paths(of: wanted, stem: stem, key: source, owner: owner)
      if given[0].path != first { reportForeign(first, given[0].path, owner) }
      try makeFolders(of: wanted, stem)
      try body(given)
    } else {
      let folders = [annotated, crops].compactMap { $0 }
      let stem = streamStem(relativeName: captured.relativeName)
      try files.writeStream(stem, captured.index, width: 6, folders, wanted, body)
    }
  }

  /// Crops are cut from the frame before faces are drawn on it.
  private func write(_ paths: [OutputPath], _ frame: Frame, _ faces: Faces, source: UInt64) throws(ProgramError) {
    let firstCrop = annotated == nil ? 0 : 1
    if crops != nil {
      for index in faces.indices where crop.cropFace(faces[index].landmarks, from: frame) {
        try write(crop, to: paths[firstCrop + index], source: source)
      }
    }
    guard annotated != nil else { return }
    guard canvas.copy(frame) else {
      throw .picture(path: String(fileName: paths[0].path), .noMemory(reason: "\(frame.width) x \(frame.height) pixels to draw on"))
    }
    canvas.draw(faces)
    try write(canvas, to: paths[0], source: source)
  }

  private func write(_ picture: Picture, to path: OutputPath, source: UInt64) throws(ProgramError) {
    let bytes: UnsafeMutableRawBufferPointer
    do {
      bytes = try encoder.encode(picture, comment: OutputMark.comment(source: source))
    } catch {
      throw .picture(path: String(fileName: path.path), error)
    }
    OutputMark.seal(bytes, commentOffset: PictureWriter.commentOffset)
    try files.publish(path, UnsafeRawBufferPointer(bytes))
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
