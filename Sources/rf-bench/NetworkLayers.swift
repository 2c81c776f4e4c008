// `rf-bench network --layers`: where a frame's time goes, on one thread, each layer timed in its place in the frame so that
// caches are as they are there.
import CHost
import Engine

/// One dense layer's cost.
struct LayerRow {
  let name: String
  let output: String
  let multiplyAdds: Int64
  /// The median.
  let seconds: Double
  /// The machine's measured peak on one core.
  let peak: Peak

  var gigaops: Double { 2 * Double(multiplyAdds) / seconds * 1e-9 }
  var share: Double { gigaops / peak.gigaops }

  var heading: String {
    column("layer", 38) + column("output", 18) + column("MMAC", -9) + column("ms", -9) + column(peak.unit, -9)
      + column("of peak", -9)
  }

  var line: String {
    column(name, 38) + column(output, 18) + column(decimal(Double(multiplyAdds) / 1e6, places: 2), -9)
      + column(decimal(seconds * 1e3, places: 4), -9) + column(decimal(gigaops, places: 1), -9)
      + column(decimal(100 * share, places: 1) + " %", -9)
  }

  var json: String {
    #"{"layer":"\#(name)","mmac":\#(Double(multiplyAdds) / 1e6),"ms":\#(seconds * 1e3),"#
      + #""\#(peak.precision == .int8 ? "gops" : "gflops")":\#(gigaops),"share_of_peak":\#(share)}"#
  }
}

extension NetworkBench {
  /// One row per entry of the schedule: a dense layer, or two that are computed together.
  func layerRows() -> [LayerRow] {
    let entries = network.plan.schedule.entries
    var seconds = [[Double]](repeating: [], count: entries.count)
    for _ in 0..<options.iterations {
      fill()
      for entry in entries.indices {
        let start = rf_seconds()
        network.runEntry(entry)
        seconds[entry].append(rf_seconds() - start)
      }
    }
    let (layers, steps) = (network.model.layers, network.plan.steps)
    let peak = Peak.measure(isa: options.isa, network.model.precision)
    return zip(entries, seconds).map { entry, seconds in
      let together = entry.work.layers, step = steps[together.lowerBound]
      let channels = together.reduce(0) { $0 + layers[$1].outputChannels }
      return LayerRow(
        name: together.map { layers[$0].name }.joined(separator: ", "),
        output: "\(step.width) x \(step.height) x \(channels)",
        multiplyAdds: together.reduce(0) { $0 + steps[$1].multiplyAdds },
        seconds: seconds.sorted()[options.iterations / 2], peak: peak)
    }
  }
}
