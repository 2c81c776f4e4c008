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

@Test(arguments: ISA.named.map { ISA(rawValue: $0.own.rawValue | $0.implied.rawValue) })
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

@Test func rowsComeWeakestFirst() {
  for check in checks {
    let needs = Row.all.filter { $0.op == check.op }.map(\.isa.rawValue)
    #expect(needs == needs.sorted(), "a later row of \(check.name) needs less than an earlier one, which never runs")
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

@Test func parseReadsNamesAndWhatTheyImply() {
  #expect(ISA.parse("reference") == .reference)
  #expect(ISA.parse("avx512") == [.avx2, .avx512])
  #expect(ISA.parse("avx512vnni") == [.avx2, .avx512, .avx512vnni])
  #expect(ISA.parse("neondot") == [.neon, .neondot])
  #expect(ISA.parse("reference,avx2") == .avx2)
}

@Test(arguments: ["", ",", "avx2,", "AVX2", "avx", "avx2 ", "avx2,sse"])
func parseRefusesWhatIsNoName(list: String) {
  #expect(ISA.parse(list) == nil)
}

@Test func descriptionIsWhatParseReads() {
  for isa in [ISA.reference, .avx2, [.avx2, .avx512], [.neon, .neondot], .available] {
    #expect(ISA.parse(isa.description) == isa)
  }
}
