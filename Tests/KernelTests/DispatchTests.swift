// The choice of kernels: the table's order, invented processors, and the names that `--isa` takes.
import CKernels
import KernelChecks
import Kernels
import Testing

/// The rows that a set of instruction sets chooses, by their names; functions are told apart by their addresses.
private func chosenNames(_ isa: ISA) -> Set<String> {
  let set = KernelSet(isa: isa)
  let chosen = [
    RF_OP_f32_conv: unsafeBitCast(set.conv, to: Int.self),
    RF_OP_f32_winograd3x3: unsafeBitCast(set.winograd3x3, to: Int.self),
    RF_OP_f32_dwconv3x3: unsafeBitCast(set.dwconv3x3, to: Int.self),
    RF_OP_f32_upsample_add: unsafeBitCast(set.upsampleAdd, to: Int.self),
    RF_OP_u8_conv: unsafeBitCast(set.byteConv, to: Int.self),
    RF_OP_u8_winograd3x3: unsafeBitCast(set.byteWinograd3x3, to: Int.self),
    RF_OP_u8_head: unsafeBitCast(set.byteHead, to: Int.self),
    RF_OP_u8_dwconv3x3: unsafeBitCast(set.byteDWConv3x3, to: Int.self),
    RF_OP_u8_upsample_add: unsafeBitCast(set.byteUpsampleAdd, to: Int.self),
    RF_OP_u8_reverse3: unsafeBitCast(set.byteReverse3, to: Int.self),
    RF_OP_u8_ycbcr: unsafeBitCast(set.byteYCbCr, to: Int.self),
  ]
  let rows = Row.all.filter { unsafeBitCast($0.row.f32_conv, to: Int.self) == chosen[$0.op] }
  return Set(rows.map(\.name))
}

/// What dispatch has to choose: the last row of the op that needs nothing else.
private func expectedNames(_ isa: ISA) -> Set<String> {
  Set(checks.map { check in Row.all.last { $0.op == check.op && isa.isSuperset(of: $0.isa) }!.name })
}

@Test(arguments: ISA.named.map(\.all))
func lastUsableRowWins(isa: ISA) {
  #expect(chosenNames(isa) == expectedNames(isa))
}

@Test func processorWithoutAnythingGetsTheReferences() {
  #expect(chosenNames(.reference) == Set(checks.map { "rf_\($0.name)__reference" }))
}

@Test func everyOpHasACheckAndAReference() {
  #expect(checks.map(\.op.rawValue).sorted() == Array(0..<RF_OP_COUNT.rawValue))
  for check in checks { #expect(Row.all.first { $0.op == check.op }?.name == "rf_\(check.name)__reference") }
}

/// A row after one that needs more would replace it.
@Test func rowsComeWeakestFirst() {
  for check in checks {
    let needs = Row.all.filter { $0.op == check.op }.map(\.isa)
    for (index, need) in needs.enumerated() {
      #expect(needs[index...].allSatisfy { !$0.isStrictSubset(of: need) }, "a later row of \(check.name) needs less than an earlier one")
    }
  }
}

@Test func namesFollowTheGrammar() {
  for row in Row.all {
    let parts = row.name.split(separator: "__", omittingEmptySubsequences: false)
    let op = checks.first { $0.op == row.op }?.name
    #expect(parts.count == 2 && parts[0] == "rf_\(op ?? "")", "\(row.name) is not rf_<types>_<op>__<isa>")
    #expect(ISA.parse(String(parts.last!))?.isSuperset(of: row.isa) == true, "\(row.name) needs more than it says")
  }
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
