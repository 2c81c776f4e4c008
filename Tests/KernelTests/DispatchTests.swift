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

private func shape(_ cin: Int32, _ cout: Int32, kernel: Int32 = 1, stride: Int32 = 1, width: Int32 = 80, height: Int32 = 60) -> rf_shape {
  rf_shape(width: width, height: height, cin: cin, cout: cout, kernel_width: kernel, kernel_height: kernel, stride: stride, slope: 0)
}

/// Of every op the layers that tell kernels apart; of each the kernel per instruction set, the best set last.
private func choices(_ op: rf_op, _ shape: rf_shape, _ kernels: (isa: String, kernel: String)...) -> [Choice] {
  let name = checks.first { $0.op == op }!.name
  return [Choice(op: op, shape: shape, isa: "reference", kernel: "rf_\(name)__reference")]
    + kernels.map { Choice(op: op, shape: shape, isa: $0.isa, kernel: "rf_\(name)__\($0.kernel)") }
}

#if arch(x86_64)
private let expected: [Choice] =
  choices(RF_OP_f32_conv, shape(64, 64), ("avx2", "avx2"), ("avx512", "avx512"), ("avx512vnni", "avx512"))
  + choices(RF_OP_f32_conv, shape(64, 64, kernel: 3), ("avx2", "avx2_winograd"), ("avx512", "avx512_winograd"))
  + choices(RF_OP_f32_conv, shape(64, 64, kernel: 3, stride: 2), ("avx2", "avx2"), ("avx512", "avx512"))
  + choices(RF_OP_f32_conv, shape(64, 15, kernel: 3), ("avx2", "avx2"), ("avx512", "avx512"))
  + choices(RF_OP_f32_conv, shape(3, 8, kernel: 3, stride: 2), ("avx2", "avx2"), ("avx512", "avx2"))
  + choices(RF_OP_f32_dwconv3x3, shape(64, 64, kernel: 3), ("avx2", "avx2"), ("avx512", "avx512"))
  + choices(RF_OP_f32_dwconv3x3, shape(8, 8, kernel: 3), ("avx512", "avx512"))
  + choices(RF_OP_f32_dwconv3x3, shape(8, 8, kernel: 3, stride: 2), ("avx512", "avx2"))
  + choices(RF_OP_f32_dwconv3x3, shape(8, 8, kernel: 3, width: 1), ("avx512", "avx2"))
  + choices(RF_OP_u8_conv, shape(3, 8, kernel: 3, stride: 2), ("avx2", "avx2_stem"), ("avx512", "avx2_stem"),
            ("avx512vnni", "avx512vnni_stem"))
  + choices(RF_OP_u8_conv, shape(3, 9, kernel: 3, stride: 2), ("avx2", "avx2"), ("avx512vnni", "avx512vnni"))
  + choices(RF_OP_u8_conv, shape(8, 16), ("avx2", "avx2_few_taps"), ("avx512vnni", "avx512vnni"))
  + choices(RF_OP_u8_conv, shape(16, 32), ("avx2", "avx2_few_taps"), ("avx512vnni", "avx512vnni"))
  + choices(RF_OP_u8_conv, shape(32, 32), ("avx2", "avx2"), ("avx512vnni", "avx512vnni"))
  + choices(RF_OP_u8_conv, shape(64, 64, kernel: 3), ("avx2", "avx2_winograd"), ("avx512vnni", "avx512vnni_winograd"))
  + choices(RF_OP_u8_conv, shape(64, 64, kernel: 3, width: 1, height: 1), ("avx2", "avx2_winograd"))
  + choices(RF_OP_u8_head, shape(64, 4), ("avx2", "avx2"), ("avx512vnni", "avx512vnni_narrow"))
  + choices(RF_OP_u8_head, shape(64, 20), ("avx2", "avx2"), ("avx512vnni", "avx512vnni"))
  + choices(RF_OP_u8_dwconv3x3, shape(64, 64, kernel: 3), ("avx2", "avx2"), ("avx512vnni", "avx512vnni"))
  + choices(RF_OP_f32_upsample_add, shape(64, 64), ("avx2", "avx2"), ("avx512vnni", "avx2"))
  + choices(RF_OP_u8_upsample_add, shape(64, 64), ("avx2", "avx2"), ("avx512vnni", "avx2"))
  + choices(RF_OP_u8_reverse3, shape(3, 3), ("avx2", "avx2"), ("avx512vnni", "avx2"))
  + choices(RF_OP_u8_ycbcr, shape(3, 3), ("avx2", "avx2"), ("avx512vnni", "avx2"))
#else
private let expected: [Choice] =
  choices(RF_OP_f32_conv, shape(64, 64), ("neon", "neon"))
  + choices(RF_OP_f32_conv, shape(64, 64, kernel: 3), ("neon", "neon_winograd"))
  + choices(RF_OP_u8_conv, shape(3, 8, kernel: 3, stride: 2), ("neon", "neon_stem"), ("neondot", "neondot"))
  + choices(RF_OP_u8_conv, shape(64, 64, kernel: 3), ("neon", "neon_winograd"), ("neondot", "neondot"))
  + choices(RF_OP_u8_conv, shape(32, 32), ("neon", "neon"), ("neondot", "neondot"))
  + choices(RF_OP_u8_head, shape(64, 4), ("neon", "neon"), ("neondot", "neondot"))
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
  let square = shape(64, 64, kernel: 3)
  #expect(set.kernel(for: RF_OP_u8_conv, square).name == before.kernel(for: RF_OP_u8_conv, square).name)
  #expect(set.kernel(for: RF_OP_u8_conv, square).name.hasSuffix("_winograd"))
  #expect(set.kernel(for: RF_OP_u8_conv, shape(128, 128)).isa == isa)
  #expect(KernelSet(isa: direct.isa, of: Kernel.all + [added]).kernel(for: RF_OP_u8_conv, shape(128, 128)).isa == direct.isa)
}

@Test func directSetHasNoWinograd() {
  let set = KernelSet(isa: ISA.named.reduce(into: []) { $0.formUnion($1.all) }, isDirect: true)
  #expect(set.kernel(for: RF_OP_f32_conv, shape(64, 64, kernel: 3)).facts.error == RF_ERROR_OF_SUM)
}

@Test func everyOpHasACheckAndAReferenceThatSuitsAll() throws {
  #expect(checks.map(\.op.rawValue).sorted() == Array(0..<RF_OP_COUNT.rawValue))
  for check in checks {
    let reference = try #require(Kernel.all.first { $0.op == check.op })
    #expect(reference.name == "rf_\(check.name)__reference" && reference.isa.isEmpty && reference.facts.suits == nil)
  }
}

/// Packing has to be stated as a whole, and a cost has to be there. Networks of several sizes share packed constants, so a
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
    let op = checks.first { $0.op == kernel.op }?.name
    #expect(parts.count == 2 && parts[0] == "rf_\(op ?? "")", "\(kernel) is not rf_<types>_<op>__<isa>[_<how>]")
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
  #expect(ISA.available.isEmpty || sets.contains { $0.all == ISA.available } )
}

/// Names are part of the command line: they stay.
@Test func namesAreThoseOfTheCommandLine() {
  #expect(ISA.knownNames == "reference,avx2,avx512,avx512vnni,neon,neondot")
}

@Test(arguments: ["", ",", "avx2,", "AVX2", "avx", "avx2 ", "avx2,sse"])
func parseRefusesWhatIsNoName(list: String) {
  #expect(ISA.parse(list) == nil)
}

@Test func descriptionIsWhatParseReads() {
  for isa in [ISA.reference, .available] { #expect(ISA.parse(isa.description) == isa) }
}
