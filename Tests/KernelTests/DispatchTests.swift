// The choice of kernels by shape, cost and invented processors, and the names that `--isa` takes.
import CKernels
import KernelChecks
import Kernels
import Testing

/// A layer, the instruction sets of a processor, and the kernel that is expected for it.
struct Choice: CustomTestStringConvertible, Sendable {
  let op: rf_op
  let shape: rf_shape
  let isa: String
  let kernel: String
  var testDescription: String { "\(kernel) of \(isa)" }
}

/// Sizes; `of` adds the types.
private func shape(_ cin: Int32, _ cout: Int32, kernel: Int32 = 1, stride: Int32 = 1, width: Int32 = 80, height: Int32 = 60) -> rf_shape {
  var shape = rf_shape()
  (shape.width, shape.height, shape.cin, shape.cout) = (width, height, cin, cout)
  (shape.kernel_width, shape.kernel_height, shape.stride) = (kernel, kernel, stride)
  return shape
}

extension rf_shape {
  /// The shape with the types of a check and the rule that its references follow.
  fileprivate func of(_ check: Check) -> rf_shape {
    var shape = self
    (shape.input_type, shape.output_type) = (check.input, check.output)
    shape.accumulator = check.reference.facts.accumulators == 0 ? RF_ACCUMULATOR_NONE : RF_ACCUMULATOR_NARROW
    return shape
  }
}

extension Check {
  fileprivate var reference: Kernel { Kernel.all.first { covers($0) }! }
  fileprivate static func named(_ name: String) -> Check { checks.first { $0.name == name }! }
}

/// The expected kernels of a layer per instruction set, the best set last.
private func choices(
  _ name: String, _ shape: rf_shape, isWide: Bool = false, _ kernels: (isa: String, kernel: String)...
) -> [Choice] {
  let check = Check.named(name)
  var shape = shape.of(check)
  if isWide { shape.accumulator = RF_ACCUMULATOR_WIDE }
  return [Choice(op: check.op, shape: shape, isa: "reference", kernel: "rf_\(name)__reference")]
    + kernels.map { Choice(op: check.op, shape: shape, isa: $0.isa, kernel: "rf_\(name)__\($0.kernel)") }
}

#if arch(x86_64)
private let expected: [Choice] =
  choices("f32_conv", shape(64, 64), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512", "avx512"), ("avx512vnni", "avx512"))
  + choices("f32_conv", shape(64, 64, kernel: 3), ("sse41", "sse41_winograd"), ("avx2", "avx2_winograd"), ("avx512", "avx512_winograd"))
  + choices("f32_conv", shape(64, 64, kernel: 3, stride: 2), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512", "avx512"))
  + choices("f32_conv", shape(64, 15, kernel: 3), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512", "avx512"))
  + choices("f32_conv", shape(3, 8, kernel: 3, stride: 2), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512", "avx2"))
  + choices("f32_dwconv3x3", shape(64, 64, kernel: 3), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512", "avx512"))
  + choices("f32_dwconv3x3", shape(8, 8, kernel: 3), ("avx512", "avx512"))
  + choices("f32_dwconv3x3", shape(8, 8, kernel: 3, stride: 2), ("avx512", "avx2"))
  + choices(
    "u8_conv", shape(3, 8, kernel: 3, stride: 2), ("sse41", "sse41_stem"), ("avx2", "avx2_stem"), ("avx512", "avx2_stem"),
    ("avxvnni", "avxvnni"),
    ("avx512vnni", "avx512vnni_stem"))
  + choices("u8_conv", shape(3, 9, kernel: 3, stride: 2), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512vnni", "avx512vnni"))
  + choices(
    "u8_conv", shape(8, 16), ("sse41", "sse41_few_taps"), ("avx2", "avx2_few_taps"), ("avxvnni", "avxvnni"), ("avx512vnni", "avx512vnni"))
  + choices("u8_conv", shape(16, 32), ("sse41", "sse41_few_taps"), ("avx2", "avx2_few_taps"), ("avx512vnni", "avx512vnni"))
  + choices(
    "u8_conv", shape(32, 32), ("sse41", "sse41"), ("avx2", "avx2"), ("avxvnni", "avxvnni"), ("avxvnni,avx512vnni", "avx512vnni"),
    ("avx512vnni", "avx512vnni"))
  + choices(
    "u8_conv", shape(64, 64, kernel: 3), ("sse41", "sse41_winograd"), ("avx2", "avx2_winograd"), ("avxvnni", "avx2_winograd"),
    ("avx512vnni", "avx512vnni_winograd"))
  + choices(
    "u8_conv", shape(256, 64, kernel: 3), isWide: true, ("sse41", "sse41"), ("avx2", "avx2"), ("avxvnni", "avxvnni"),
    ("avx512vnni", "avx512vnni"))
  + choices("u8_conv", shape(64, 64, kernel: 3, width: 1, height: 1), ("sse41", "sse41_winograd"), ("avx2", "avx2_winograd"))
  + choices("u8f32_conv", shape(64, 4), ("sse41", "sse41"), ("avx2", "avx2"), ("avxvnni", "avxvnni"), ("avx512vnni", "avx512vnni_narrow"))
  + choices("u8f32_conv", shape(64, 20), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512vnni", "avx512vnni"))
  + choices(
    "u8_dwconv3x3", shape(64, 64, kernel: 3), ("sse41", "sse41"), ("avx2", "avx2"), ("avxvnni", "avx2"), ("avx512vnni", "avx512vnni"))
  + choices("f32_upsample_add", shape(64, 64), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512vnni", "avx2"))
  + choices("u8_upsample_add", shape(64, 64), ("sse41", "sse41"), ("avx2", "avx2"), ("avx512vnni", "avx2"))
  + choices("u8_reverse3", .bytes, ("sse41", "sse41"), ("avx2", "sse41"), ("avx512vnni", "sse41"))
  + choices("u8_ycbcr", .bytes, ("sse41", "sse41"), ("avx2", "avx2"), ("avx512vnni", "avx2"))
#else
private let expected: [Choice] =
  choices("f32_conv", shape(64, 64), ("neon", "neon"))
  + choices("f32_conv", shape(64, 64, kernel: 3), ("neon", "neon_winograd"))
  + choices("u8_conv", shape(3, 8, kernel: 3, stride: 2), ("neon", "neon_stem"), ("neondot", "neondot"))
  + choices("u8_conv", shape(64, 64, kernel: 3), ("neon", "neon_winograd"), ("neondot", "neondot"))
  + choices("u8_conv", shape(32, 32), ("neon", "neon"), ("neondot", "neondot"))
  + choices("u8f32_conv", shape(64, 4), ("neon", "neon"), ("neondot", "neondot"))
#endif

@Test(arguments: expected)
func expectedKernelIsChosen(choice: Choice) throws {
  let isa = try #require(ISA.parse(choice.isa))
  #expect(KernelSet(isa: isa).kernel(for: choice.op, choice.shape).name == choice.kernel)
  // The order of the table means nothing.
  #expect(KernelSet(isa: isa, of: Kernel.all.reversed()).kernel(for: choice.op, choice.shape).name == choice.kernel)
}

/// A new kernel for one layer leaves the choice for every other layer as it was: here a direct convolution with dot products of
/// bytes, as AVX-VNNI has them, beside AVX2's Winograd. It takes the layers where it is cheaper and no others.
@Test func addedKernelTakesOnlyWhatItIsBestAt() throws {
  let direct = try #require(Kernel.all.first { $0.name.hasSuffix("u8_conv__avx2") || $0.name.hasSuffix("u8_conv__neon") })
  let isa = ISA(rawValue: direct.isa.rawValue | 1 << 31)
  var facts = direct.facts
  facts.isa = isa.rawValue
  facts.cycles_per_tap *= 0.6
  facts.cycles_per_output *= 0.6
  let added = Kernel(facts)
  let set = KernelSet(isa: isa, of: Kernel.all + [added])
  let before = KernelSet(isa: direct.isa)
  let check = Check.named("u8_conv"), square = shape(64, 64, kernel: 3).of(check), pixel = shape(128, 128).of(check)
  #expect(set.kernel(for: RF_OP_CONV, square).name == before.kernel(for: RF_OP_CONV, square).name)
  #expect(set.kernel(for: RF_OP_CONV, square).name.hasSuffix("_winograd"))
  #expect(set.kernel(for: RF_OP_CONV, pixel).isa == isa)
  #expect(KernelSet(isa: direct.isa, of: Kernel.all + [added]).kernel(for: RF_OP_CONV, pixel).isa == direct.isa)
}

@Test func directSetHasNoWinograd() {
  let set = KernelSet(isa: ISA.named.reduce(into: []) { $0.formUnion($1.all) }, isDirect: true)
  #expect(set.kernel(for: RF_OP_CONV, shape(64, 64, kernel: 3).of(.named("f32_conv"))).facts.error == RF_ERROR_OF_SUM)
}

@Test func everyOpHasACheckAndAReferenceThatSuitsAll() throws {
  #expect(Set(checks.map(\.op.rawValue)) == Set(0..<RF_OP_COUNT.rawValue))
  for check in checks {
    let reference = check.reference
    #expect(reference.name == "rf_\(check.name)__reference" && reference.isa.isEmpty && reference.facts.suits == nil)
  }
}

/// A kernel is chosen only for its own types and rounding rules.
@Test(arguments: Kernel.all)
func kernelSuitsItsTypesOnly(kernel: Kernel) throws {
  let check = try #require(checks.first { $0.covers(kernel) })
  for layer in expected.map(\.shape) where kernel.suits(layer) {
    #expect(layer.input_type == check.input && layer.output_type == check.output)
    var other = layer
    other.accumulator = layer.accumulator == RF_ACCUMULATOR_NONE ? RF_ACCUMULATOR_NARROW : RF_ACCUMULATOR_NONE
    #expect(!kernel.suits(other))
    other.accumulator = RF_ACCUMULATOR_WIDE
    #expect(kernel.suits(other) == (kernel.facts.accumulators & RF_ACCUMULATOR_WIDE.rawValue != 0))
  }
}

/// Packing is stated as a whole, with a cost. Networks of several sizes share packed constants, so a
/// kernel that packs suits a layer at every size or at none.
@Test(arguments: Kernel.all)
func factsAreComplete(kernel: Kernel) {
  if kernel.facts.pack != nil {
    for layer in expected.map(\.shape) {
      var small = layer
      (small.width, small.height) = (1, 1)
      #expect(kernel.suits(small) == kernel.suits(layer))
      #expect(kernel.packedBytes(small) == kernel.packedBytes(layer))
    }
  }
  #expect((kernel.facts.packed_bytes == nil) == (kernel.facts.pack == nil))
  #expect(kernel.facts.cycles_per_tap + kernel.facts.cycles_per_output > 0)
}

@Test func namesFollowTheGrammar() {
  for kernel in Kernel.all {
    let parts = kernel.name.split(separator: "__", omittingEmptySubsequences: false)
    let check = checks.first { $0.covers(kernel) }?.name
    #expect(parts.count == 2 && parts[0] == "rf_\(check ?? "")", "\(kernel) is not rf_<types>_<op>__<isa>[_<how>]")
    let set = ISA.parse(String(parts.last!.prefix { $0 != "_" }))
    #expect(set?.isSuperset(of: kernel.isa) == true, "\(kernel) needs more than its name says")
  }
  #expect(Set(Kernel.all.map(\.name)).count == Kernel.all.count)
}

@Test(arguments: ISA.named)
func parseReadsANameAndWhatItImplies(set: ISA.Named) {
  #expect(ISA.parse(set.name) == set.all)
  #expect(ISA.parse("reference,\(set.name)") == set.all)
  #expect(ISA.parse(set.all.description) == set.all)
}

/// A bit belongs to one name, and what a name implies is named and implies no more.
@Test func listOfInstructionSetsIsConsistent() {
  let sets = ISA.named.dropFirst()
  for set in sets {
    #expect(set.own.rawValue.nonzeroBitCount == 1 && sets.filter { $0.own == set.own }.count == 1, "bit of \(set.name)")
    let implied = sets.filter { set.implied.contains($0.own) }.reduce(into: ISA()) { $0.formUnion($1.all) }
    #expect(implied == set.implied, "what \(set.name) implies")
  }
  let available = sets.filter { ISA.available.isSuperset(of: $0.all) }.reduce(into: ISA()) { $0.formUnion($1.all) }
  #expect(available == ISA.available)
}

/// Names are part of the command line: they stay.
@Test func namesAreThoseOfTheCommandLine() {
  #expect(ISA.knownNames == "reference,sse41,avx2,avxvnni,avx512,avx512vnni,neon,neondot")
}

@Test(arguments: ["", ",", "avx2,", "AVX2", "avx", "avx2 ", "avx2,sse", "sse4.1"])
func parseRefusesWhatIsNoName(list: String) {
  #expect(ISA.parse(list) == nil)
}

@Test func descriptionIsWhatParseReads() {
  for isa in [ISA.reference, .available] { #expect(ISA.parse(isa.description) == isa) }
}
