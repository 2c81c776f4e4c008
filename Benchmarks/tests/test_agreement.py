"""Comparison of the engines' outputs."""

import numpy
import pytest

from peers import agreement
from peers.agreement import Heads
from peers.errors import BenchmarkError


def heads(*scores):
    return Heads(numpy.array(scores), numpy.zeros((len(scores), 4)), numpy.zeros((len(scores), 10)))


def test_orders_anchors_as_pytorch_does():
    # One level of 1 x 2 pixels with two anchors: channel 2 * anchor + value, pixels before anchors.
    classes = numpy.array([[[[0, 1]], [[10, 11]], [[20, 21]], [[30, 31]]]])
    assert agreement.by_anchor(classes, 2).tolist() == [[0, 10], [20, 30], [1, 11], [21, 31]]


def test_scores_are_the_softmax_of_faces():
    outputs = [numpy.array([0, numpy.log(3)]).reshape(1, 2, 1, 1), numpy.zeros((1, 4, 1, 1)), numpy.zeros((1, 10, 1, 1))]
    assert agreement.from_outputs(outputs).scores == pytest.approx([0.75])


def test_float_difference_is_the_largest_of_all():
    other = heads(0.9, 0.1)
    other.landmarks[1, 9] = -0.5
    assert agreement.difference("float32", other, heads(0.9, 0.2)) == 0.5


def test_int8_difference_is_of_faces_in_either():
    assert agreement.difference("int8", heads(0.9, 0.4, 0.1), heads(0.8, 0.6, 0.3)) == pytest.approx(0.15)


@pytest.mark.parametrize("precision, score", [("float32", 0.902), ("int8", 0.8), ("float32", numpy.nan), ("int8", numpy.nan)])
def test_refuses_another_network(precision, score):
    with pytest.raises(BenchmarkError, match="an engine: differs"):
        agreement.check("an engine", precision, heads(score), heads(0.9))


def test_refuses_what_cannot_be_compared():
    with pytest.raises(BenchmarkError, match="no face"):
        agreement.check("an engine", "float32", heads(0.1), heads(0.1))
    with pytest.raises(BenchmarkError, match="2 anchors instead of 1"):
        agreement.check("an engine", "float32", heads(0.9, 0.1), heads(0.9))
