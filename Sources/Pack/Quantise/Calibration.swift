// Post-training quantisation as a whole: pictures, what the float network makes of them, bytes, and a look at the result.
import Engine
import Foundation

/// Which pictures show the values of the maps.
package struct Calibration: Equatable {
  package var folder: String
  package var count = CalibrationPictures.standardCount

  package init(folder: String, count: Int = CalibrationPictures.standardCount) { (self.folder, self.count) = (folder, count) }

  /// Quantises a float network and returns its model file; `report` gets progress and figures, line by line.
  package func modelFile(of network: FloatNetwork, report: (String) -> Void) throws(PackError) -> Data {
    try Quantizer.requireWholeMean(network.graph)
    let pictures = try CalibrationPictures.read(folder: folder, count: count, order: network.graph.channelOrder, report: report)
    return try Calibration.modelFile(of: network, pictures: pictures, report: report)
  }

  static func modelFile(
    of network: FloatNetwork, pictures: [CalibrationPicture], report: (String) -> Void
  ) throws(PackError) -> Data {
    let float = try network.modelFile()
    report("calibrating with \(pictures.count) pictures")
    let statistics = try ActivationStatistics(file: float, pictures: pictures) { done in
      if done % 10 == 0 || done == pictures.count { report("\(done) of \(pictures.count) pictures") }
    }
    try statistics.requireFinite(network.graph)
    let int8 = try Quantizer(network, statistics).quantized().modelFile()
    let comparison = try Comparison(float: float, int8: int8, pictures: pictures)
    comparison.lines.forEach(report)
    guard comparison.share >= Comparison.leastShare else {
      throw .calibration(
        "int8 keeps only \(comparison.commonFaces) of \(comparison.floatFaces) faces: give more and more varied "
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
