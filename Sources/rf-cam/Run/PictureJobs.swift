// --jobs: pictures side by side. Threads take the sources' files in order, each with a finder of its own; the session takes the
// results in the same order.
import CHost
import Capture
import CommandLine
import Engine
import Host

/// A piece of work. Only files are processed by the threads; the session handles the others when their turn comes.
enum Work {
  case file(PictureSource, PictureFile)
  /// All files of a folder came before.
  case end(PictureSource)
  case stream(Operand, Source)
  case unopened(Operand, CaptureError)
  /// The list of names cannot be read.
  case failed(ProgramError)
}

/// Threads that process pictures.
///
/// Memory: a detector, a picture and its file per job, and `slots` results without pixels.
final class PictureJobs {
  private let sequence: OpaquePointer
  private let slots: [JobSlot]
  private let feed: WorkFeed
  private var members: [JobMember] = []
  /// The slot of the piece that `take` returned.
  private var taken: JobSlot?

  /// Results that wait for an earlier one, per job. Encoded pictures take more memory than faces.
  private static func slotsPerJob(_ options: Options) -> Int { options.writesAnnotated || options.crops != nil ? 4 : 16 }

  init(
    _ options: Options, _ model: Model, _ operands: Operands, _ sourceOptions: SourceOptions, _ completed: CompletedSources?
  ) throws(ProgramError) {
    let count = options.jobs * PictureJobs.slotsPerJob(options)
    guard let sequence = rf_sequence_new(Int32(count)) else { throw .threads(options.jobs, Errno(ENOMEM)) }
    self.sequence = sequence
    slots = (0..<count).map { _ in JobSlot() }
    feed = WorkFeed(operands, sourceOptions)
    operands.list?.isCancelled = { rf_stop_requested() != 0 || rf_sequence_is_closed(sequence) != 0 }
    for _ in 0..<options.jobs {
      members.append(JobMember(sequence, slots, feed, try FaceFinder(options, model, sourceOptions, completed)))
    }
    for (index, member) in members.enumerated() {
      let result = member.start()
      if result == 0 { continue }
      members.removeSubrange(index...)
      throw .threads(options.jobs, Errno(negative: result))
    }
  }

  deinit {
    rf_sequence_close(sequence)
    for member in members { member.join() }
    rf_sequence_free(sequence)
  }

  /// The state of the oldest piece of work.
  enum Turn {
    case finished(Work, PictureResult?)
    /// Nothing has been finished for 0.1 s.
    case waiting
    case ended
  }

  /// Waits for the next piece of work; `release` frees it.
  func take() -> Turn {
    let number = rf_sequence_take(sequence)
    if number == RF_SEQUENCE_ENDED { return .ended }
    guard number >= 0 else { return .waiting }
    let slot = slots[Int(number % Int64(slots.count))]
    taken = slot
    guard let work = slot.work else { preconditionFailure("a finished piece has work") }
    return .finished(work, slot.result)
  }

  func release() {
    taken?.clear()
    taken = nil
    rf_sequence_release(sequence)
  }
}

/// A piece of work and its result. The sequence's locks order the accesses.
final class JobSlot {
  var work: Work?
  var result: PictureResult?

  func clear() { (work, result) = (nil, nil) }
}

/// Supplies work in the order of the sources. One thread at a time uses it.
final class WorkFeed {
  private let operands: Operands
  private let options: SourceOptions
  private var current: PictureSource?
  private var hasEnded = false

  init(_ operands: Operands, _ options: SourceOptions) {
    self.operands = operands
    var options = options
    options.leavesFilmsToLoader = true
    self.options = options
  }

  func next() -> Work? {
    while !hasEnded {
      if let source = current {
        if let file = source.takeFile() { return .file(source, file) }
        current = nil
        if !source.isSingle { return .end(source) }
      }
      let operand: Operand
      do {
        guard let next = try operands.next() else { return nil }
        operand = next
      } catch {
        hasEnded = true
        return .failed(error)
      }
      do {
        let source = try operand.open(options)
        guard case .pictures(let pictures) = source else { return .stream(operand, source) }
        current = pictures
      } catch {
        return .unopened(operand, error)
      }
    }
    return nil
  }
}

/// One thread.
private final class JobMember {
  private let sequence: OpaquePointer
  private let slots: [JobSlot]
  private let feed: WorkFeed
  private let finder: FaceFinder
  private var thread = pthread_t()

  init(_ sequence: OpaquePointer, _ slots: [JobSlot], _ feed: WorkFeed, _ finder: FaceFinder) {
    (self.sequence, self.slots, self.feed, self.finder) = (sequence, slots, feed, finder)
  }

  /// Returns 0, or an errno made negative.
  func start() -> Int32 {
    rf_thread_start(
      &thread,
      { context in
        Unmanaged<JobMember>.fromOpaque(context!).takeUnretainedValue().work()
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  func join() { pthread_join(thread, nil) }

  private func work() {
    while case let number = rf_sequence_claim(sequence), number >= 0 {
      let slot = slots[Int(number % Int64(slots.count))]
      slot.work = feed.next()
      rf_sequence_claimed(sequence, slot.work == nil ? 0 : 1)
      guard let work = slot.work else { return }
      if case .file(_, let file) = work { slot.result = finder.find(in: file, checksFilm: true, isKept: true) }
      rf_sequence_finish(sequence, number)
    }
  }
}
