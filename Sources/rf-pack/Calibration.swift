// Post-training quantisation as a whole: pictures, what the float network makes of them, bytes, and a look at the result.
import Engine
import Foundation

/// Which pictures show the values of the maps.
struct Calibration: Equatable {
  var folder: String
  var count = CalibrationPictures.standardCount

  /// The int8 model file of a float graph; `report` gets progress and figures, line by line.
  func modelFile(of graph: Graph, report: (String) -> Void) throws(PackError) -> Data {
    try Quantizer.requireWholeMean(graph)
    let pictures = try CalibrationPictures.read(folder: folder, count: count, order: graph.channelOrder, report: report)
    return try Calibration.modelFile(of: graph, pictures: pictures, report: report)
  }

  static func modelFile(
    of graph: Graph, pictures: [CalibrationPicture], report: (String) -> Void
  ) throws(PackError) -> Data {
    let float = try ModelWriter.bytes(of: graph)
    report("calibrating with \(pictures.count) pictures")
    let statistics = try ActivationStatistics(file: float, pictures: pictures) { done in
      if done % 10 == 0 || done == pictures.count { report("\(done) of \(pictures.count) pictures") }
    }
    try statistics.requireFinite(graph)
    let int8 = try ModelWriter.bytes(of: Quantizer(graph, statistics).quantized())
    let comparison = try Comparison(float: float, int8: int8, pictures: pictures)
    comparison.lines.forEach(report)
    guard comparison.share >= Comparison.leastShare else {
      throw .calibration("int8 keeps only \(comparison.commonFaces) of \(comparison.floatFaces) faces: give more and more varied "
        + "pictures with --calibrate, or pack as float32")
    }
    return int8
  }
}

extension ActivationStatistics {
  /// Weights can be finite and still overflow on the way.
  fileprivate func requireFinite(_ graph: Graph) throws(PackError) {
    for (index, channels) in layers.enumerated() where channels.contains(where: { !$0.sumOfSquares.isFinite }) {
      throw .calibration("layer \(graph.layers[index].name) writes numbers that are not finite: the weights are no use")
    }
  }
}
