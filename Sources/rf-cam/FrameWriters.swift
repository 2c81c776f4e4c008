// --output, --crops and --format wider: the files that belong to a frame. OutputPaths says where each may go.
import CHost
import Capture
import CommandLine
import Host
import Imaging
import Report
import RetinaFace

/// Writes the files of every frame, each whole or not at all.
final class FrameFiles {
  private let annotated: FileName?
  private let crops: FileName?
  private let predictions: FileName?
  private let isQuiet: Bool
  /// Every file survives a power cut as soon as it is written.
  private let isDurable: Bool
  private let paths: OutputPaths
  private let streams = StreamNames()
  private let encoder = PictureWriter()
  private let canvas = Picture(width: 1, height: 1)
  private let crop = Picture(width: FaceTemplate.side, height: FaceTemplate.side)
  /// The folders' own paths, to know what lies in them.
  private var realFolders: [FileName] = []
  private var isLeavingOutReported = false

  /// Makes the folders. nil where no files were asked for.
  init?(_ options: Options, _ inputs: InputFiles) throws(ProgramError) {
    guard options.output != nil || options.crops != nil else { return nil }
    let output = options.output.map { FileName($0.bytes) }
    // Under --format wider the folder takes prediction files.
    annotated = options.format == .wider ? nil : output
    predictions = options.format == .wider ? output : nil
    crops = options.crops.map { FileName($0.bytes) }
    isQuiet = options.isQuiet
    isDurable = options.syncSeconds == 0
    paths = OutputPaths(inputs)
    for folder in [annotated, crops] {
      guard let folder else { continue }
      try make(folder)
      if let real = try? realPath(folder) { realFolders.append(real) }
    }
  }

  /// Whether pixels are drawn on or cut out.
  var usesPixels: Bool { annotated != nil || crops != nil }

  /// The next frame is of another source.
  func endSource() { streams.endStream() }

  /// Whether a file of a source folder is a picture that rf-cam wrote, in an output folder of this run: no source.
  func isOwnOutput(_ path: UnsafePointer<CChar>, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard !realFolders.isEmpty, OutputMark.source(of: bytes, commentOffset: PictureWriter.commentOffset) != nil,
      let real = try? realPath(FileName(Argument(path).bytes)),
      realFolders.contains(where: { real.starts(with: $0 + FileName("/".utf8)) })
    else { return false }
    if !isQuiet, !isLeavingOutReported {
      log("\(String(fileName: real)): written by rf-cam, and in an output folder of this run: such pictures are left out")
    }
    isLeavingOutReported = true
    return true
  }

  /// Annotated picture and crops. A face whose landmarks all lie at one place has no direction and gets no crop.
  func write(_ captured: CapturedFrame, _ faces: Faces, isPicture: Bool) throws(ProgramError) {
    guard usesPixels else { return }
    var files: [OutputFile] = []
    if let annotated { files.append(OutputFile(folder: annotated, suffix: [], ending: ".jpg")) }
    if let crops {
      files += faces.indices.map { OutputFile(folder: crops, suffix: FileName("-face\($0)".utf8), ending: ".jpg") }
    }
    if files.isEmpty { return }
    let name = captured.nameBytes
    let source = hash(of: isPicture ? (try? realPath(name)) ?? name : name)
    let body: ([OutputPath]) throws(ProgramError) -> Void = { paths throws(ProgramError) in
      try self.write(paths, captured.frame, faces, source: source)
    }
    if isPicture {
      let stem = pictureStem(name: captured.name, relativeName: captured.relativeName)
      let owner = OutputOwner(source: name) { self.recognise($0, $1, source: source) }
      let wanted = outputPath(files[0], stem: stem, number: 1)
      let given = try paths.paths(of: files, stem: stem, key: source, owner: owner)
      if given[0].path != wanted { tellForeign(wanted, given[0].path, owner) }
      try makeFolders(of: files, stem)
      try body(given)
    } else {
      let folders = [annotated, crops].compactMap { $0 }
      try writeStream(streamStem(relativeName: captured.relativeName), captured.index, width: 6, folders, files, body)
    }
  }

  /// What is drawn comes last: crops are cut from the frame as it is.
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
    try publish(path, UnsafeRawBufferPointer(bytes))
  }

  private func publish(_ path: OutputPath, _ bytes: UnsafeRawBufferPointer) throws(ProgramError) {
    do { try publishFile(path.path, bytes, replacing: path.replaced, isDurable: isDurable) } catch {
      throw .file(action: "write", path: String(fileName: path.path), error)
    }
  }

  private func recognise(_ path: FileName, _ info: rf_file_info, source: UInt64) -> RecognisedOutput {
    let offset = PictureWriter.commentOffset
    let head = firstBytes(of: path, info, count: OutputMark.headBytes(commentOffset: offset))
    guard let claimed = head.withUnsafeBytes({ OutputMark.claimedSource($0, commentOffset: offset) }) else { return .foreign }
    if claimed != source { return .ofOther(claimed) }
    let whole = firstBytes(of: path, info, count: FrameFiles.mostOwnBytes)
    return whole.withUnsafeBytes { OutputMark.source(of: $0, commentOffset: offset) } == source ? .own : .foreign
  }

  /// A JPEG of 100 megapixels has less.
  private static let mostOwnBytes = 1 << 28

  /// Says so where a file that is none of rf-cam's has the name that was wanted.
  private func tellForeign(_ wanted: FileName, _ given: FileName, _ owner: OutputOwner) {
    guard !isQuiet, let info = fileInfo(wanted) else { return }
    if info.kind == RF_FILE_REGULAR, case .foreign = owner.recognises(wanted, info) {
      log("\(String(fileName: wanted)): is another file, and stays: written as \(String(fileName: lastComponent(of: given)))")
    }
  }

  private func make(_ folder: FileName) throws(ProgramError) {
    do { try makeFolder(folder) } catch { throw .file(action: "make the folder", path: String(fileName: folder), error) }
  }

  private func makeFolders(of files: [OutputFile], _ stem: FileName) throws(ProgramError) {
    let below = parent(of: stem)
    if below.isEmpty { return }
    if annotated != nil { try make(files[0].folder + FileName("/".utf8) + below) }
    if let crops, files.count > (annotated == nil ? 0 : 1) { try make(crops + FileName("/".utf8) + below) }
  }
}

extension FrameFiles {
  /// Files of a stream's frame: always new ones. Another program may write the same names at the same time.
  private func writeStream(
    _ stem: FileName, _ frame: Int64, width: Int, _ folders: [FileName], _ files: [OutputFile],
    _ body: ([OutputPath]) throws(ProgramError) -> Void
  ) throws(ProgramError) {
    if streams.begin(stem, in: folders), !isQuiet {
      log("\(String(fileName: folders[0])): earlier frames stay: frame 0 is number \(streams.first) of \(String(fileName: streams.stem))")
    }
    for attempt in 1... {
      var number = ByteBuffer()
      number.append("-")
      number.append(streams.first + frame, width: width)
      let paths = files.map { file in
        let named = OutputFile(folder: file.folder, suffix: number.bytes + file.suffix, ending: file.ending)
        return OutputPath(path: outputPath(named, stem: streams.stem, number: 1), replaced: nil)
      }
      do {
        return try body(paths)
      } catch {
        guard case .file(_, _, Errno(EEXIST)) = error, attempt < 10 else { throw error }
        streams.moveOn(from: frame, in: folders)
      }
    }
  }

  /// --format wider: the frame's prediction file.
  func writePrediction(_ report: FrameReport, _ faces: Faces, isPicture: Bool, text: inout ByteBuffer) throws(ProgramError) {
    let prediction = PredictionName(source: report.source, folder: predictions!)
    try make(prediction.folder)
    let file = OutputFile(folder: prediction.folder, suffix: [], ending: ".txt")
    var name = prediction.name
    if !isPicture { name += FileName("-\(report.frame)".utf8) }
    text.clear()
    appendWider(faces, name: name, to: &text)
    let bytes = text.bytes
    text.clear()
    let body: ([OutputPath]) throws(ProgramError) -> Void = { paths throws(ProgramError) in
      let failure: ProgramError? = bytes.withUnsafeBytes { bytes in
        do throws(ProgramError) { try self.publish(paths[0], bytes) } catch { return error }
        return nil
      }
      if let failure { throw failure }
    }
    guard isPicture else {
      return try writeStream(prediction.name, report.frame, width: 1, [prediction.folder], [file], body)
    }
    let owner = OutputOwner(source: report.source) { path, info in
      let there = firstBytes(of: path, info, count: FrameFiles.mostOwnBytes)
      return isWider(there, name: name) ? .own : .foreign
    }
    let given = try paths.paths(of: [file], stem: prediction.name, key: hash(of: report.source), owner: owner)
    let wanted = outputPath(file, stem: prediction.name, number: 1)
    // An evaluation looks for the picture's own name, so this is said in any case.
    if given[0].path != wanted, !isQuiet {
      log("\(String(fileName: wanted)): is there already, and stays: written as \(String(fileName: lastComponent(of: given[0].path)))")
    }
    try body(given)
  }
}
