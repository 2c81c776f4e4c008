// Where threads must wait for each other. Rows of every layer are split the same way for maps of the same height (kernels
// with a granularity or scratch apart), so a layer that reads only its own rows (1x1) of what the same thread just wrote needs
// no barrier; most others do.

extension PlanBuilder {
  /// Marks the layers that touch what layers since the last barrier have written or still read.
  mutating func findBarriers() {
    var sinceBarrier: [Int] = []
    // After the layers in strips all wait.
    for index in model.layers.indices[strips.layerCount...] where !model.layers[index].isSparse && !steps[index].isJoined {
      let together = steps.hasJoined(index) ? [index, index + 1] : [index]
      if together.contains(where: { later in sinceBarrier.contains { conflict(earlier: $0, later: later) } }) {
        steps[index].needsBarrier = true
        sinceBarrier = []
      }
      sinceBarrier += together
    }
  }

  private func conflict(earlier: Int, later: Int) -> Bool {
    let first = model.layers[earlier]
    let second = model.layers[later]
    guard let written = first.output, let overwritten = second.output else { return false }
    if !steps[earlier].splitsRows(as: steps[later]),
      second.input == written || first.input == overwritten || written == overwritten { return true }
    if second.input == written, !readsOnlyOwnRows(second) { return true }
    if first.input == overwritten, !readsOnlyOwnRows(first) { return true }
    return sharesMemory(overwritten, with: written) || sharesMemory(overwritten, with: first.input)
  }

  private func sharesMemory(_ tensor: Int, with other: Int) -> Bool {
    tensor != other && maps[tensor].byteRange.overlaps(maps[other].byteRange)
  }

  /// Row y of the output takes row y of the input and no other, and both maps have the same height.
  private func readsOnlyOwnRows(_ layer: Model.Layer) -> Bool {
    layer.operation == .conv && layer.kernelHeight == 1 && layer.stride == 1 && layer.padding == 0
  }
}
