"""The losses against slow, plain versions: one anchor and one coordinate at a time."""

import math
from dataclasses import replace

import pytest
import torch

from retinaface_training.losses import detection as losses
from retinaface_training.losses import distill
from retinaface_training.losses.detection import LossWeights, Targets
from retinaface_training.losses.distill import DistillWeights
from retinaface_training.losses.matching import IGNORED, NEGATIVE
from retinaface_training.network.anchors import decode_boxes, encode_boxes, encode_landmarks, make_anchors
from retinaface_training.network.retinaface import Heads

PICTURES, FACES = 3, 4


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(5)
    anchors = make_anchors(48, 40, ((16, 32), (64, 128), (256, 512)))
    count = len(anchors)
    heads = Heads(*(torch.randn(PICTURES, count, values, generator=generator) for values in (2, 4, 10)))
    matches = torch.full((PICTURES, count), NEGATIVE)
    for picture in range(PICTURES - 1):  # the last picture has no face
        chosen = torch.randperm(count, generator=generator)
        matches[picture, chosen[:5]] = torch.randint(0, FACES, (5,), generator=generator)
        matches[picture, chosen[5:9]] = IGNORED
    low = torch.rand(PICTURES, FACES, 2, generator=generator) * 20
    boxes = torch.cat([low, low + 5 + torch.rand(PICTURES, FACES, 2, generator=generator) * 20], dim=2)
    landmarks = torch.rand(PICTURES, FACES, 10, generator=generator) * 40
    weights = torch.tensor([0.0, 1.0, 3.0, 1.0]).repeat(PICTURES, 1)
    return heads, Targets(matches, boxes, landmarks, weights), anchors


def plain_smooth_l1(a, b, beta=1.0):
    distance = abs(a - b)
    return distance**2 / (2 * beta) if distance < beta else distance - beta / 2


def plain_cross_entropy(logits, wanted):
    powers = [math.exp(logit) for logit in logits]
    return -math.log(powers[wanted] / sum(powers))


def plain_losses(heads, targets, anchors, landmark_beta=1.0):
    class_sum = box_sum = landmark_sum = landmark_weight = positives = 0
    for picture in range(PICTURES):
        matches = targets.matches[picture].tolist()
        found = [anchor for anchor, face in enumerate(matches) if face >= 0]
        for anchor in found:
            face = matches[anchor]
            class_sum += plain_cross_entropy(heads.classes[picture, anchor].tolist(), 1)
            wanted = encode_boxes(targets.boxes[picture, face], anchors[anchor]).tolist()
            box_sum += sum(map(plain_smooth_l1, heads.boxes[picture, anchor].tolist(), wanted))
            wanted = encode_landmarks(targets.landmarks[picture, face], anchors[anchor]).tolist()
            weight = float(targets.landmark_weights[picture, face])
            landmark_sum += weight * sum(
                plain_smooth_l1(a, b, landmark_beta) for a, b in zip(heads.landmarks[picture, anchor].tolist(), wanted, strict=True)
            )
            landmark_weight += weight
        background = sorted(
            plain_cross_entropy(heads.classes[picture, a].tolist(), 0) for a, face in enumerate(matches) if face == NEGATIVE
        )
        class_sum += sum(background[::-1][: 3 * len(found) if found else 16])
        positives += len(found)
    return {"class": class_sum / positives, "box": box_sum / positives, "landmarks": landmark_sum / landmark_weight}


def test_losses_are_those_of_the_plain_version(case):
    expected = plain_losses(*case)
    terms = losses.detection_losses(*case)
    assert {name: float(term) for name, term in terms.items()} == pytest.approx(expected, rel=1e-5)
    weighted = expected["class"] + 0.25 * expected["box"] + 0.1 * expected["landmarks"]
    assert float(losses.total(terms, LossWeights())) == pytest.approx(weighted, rel=1e-5)


def test_a_smaller_beta_makes_the_landmark_loss_linear_earlier(case):
    terms = losses.detection_losses(*case, landmark_beta=0.2)
    assert {name: float(term) for name, term in terms.items()} == pytest.approx(plain_losses(*case, landmark_beta=0.2), rel=1e-5)


def plain_overlap(a, b):
    width, height = (min(a[i + 2], b[i + 2]) - max(a[i], b[i]) for i in (0, 1))
    common = max(width, 0) * max(height, 0)
    return common / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)) - common)


def test_with_a_score_width_the_target_score_is_that_of_the_predicted_box(case):
    heads, targets, anchors = case
    expected, positives = plain_losses(*case), int((targets.matches >= 0).sum())
    for picture, anchor in (targets.matches >= 0).nonzero().tolist():
        face = targets.boxes[picture, int(targets.matches[picture, anchor])]
        heads.boxes[picture, anchor] = encode_boxes(face + 0.1 * anchor, anchors[anchor])  # moved by up to some pixels
    for picture, anchor in (targets.matches >= 0).nonzero().tolist():
        face = targets.boxes[picture, int(targets.matches[picture, anchor])].tolist()
        overlap = plain_overlap(decode_boxes(heads.boxes[picture, anchor], anchors[anchor]).tolist(), face)
        goal = 1 / (1 + math.exp((0.5 - overlap) / 0.1))
        as_background, as_face = (plain_cross_entropy(heads.classes[picture, anchor].tolist(), wanted) for wanted in (0, 1))
        expected["class"] += (goal * as_face + (1 - goal) * as_background - as_face) / positives
    terms = losses.detection_losses(*case, score_width=0.1)
    assert float(terms["class"]) == pytest.approx(expected["class"], rel=1e-5)
    heads.boxes.requires_grad_()
    assert not losses.detection_losses(*case, score_width=0.1)["class"].requires_grad  # boxes are learnt by their own term


def test_the_dense_term_counts_a_hundredth(case):
    terms = losses.detection_losses(*case, dense=lambda heads, targets: heads.classes.new_tensor(50.0))
    without = losses.total(losses.detection_losses(*case), LossWeights())
    assert float(losses.total(terms, LossWeights()) - without) == pytest.approx(0.5, rel=1e-4)


def test_ignored_anchors_do_not_matter(case):
    heads, targets, anchors = case
    before = losses.total(losses.detection_losses(heads, targets, anchors), LossWeights())
    for head in heads:
        head[targets.matches == IGNORED] = 100.0
    assert torch.equal(before, losses.total(losses.detection_losses(heads, targets, anchors), LossWeights()))


def test_pictures_without_faces_give_no_regression(case):
    heads, targets, anchors = case
    targets.matches[:] = NEGATIVE
    terms = losses.detection_losses(heads, targets, anchors)
    assert float(terms["box"]) == 0 and float(terms["landmarks"]) == 0 and float(terms["class"]) > 0


def observation(heads, features):
    return distill.Observation(features[:1], features[1:], heads)


def test_distillation_is_that_of_the_plain_version(case):
    student, targets, _ = case
    generator = torch.Generator().manual_seed(6)
    teacher = Heads(*(torch.randn(head.shape, generator=generator) for head in student))
    ours, theirs = ([torch.randn(PICTURES, 4, 3, 3, generator=generator) for _ in range(2)] for _ in range(2))
    divergence = box = sure = counted = 0
    for picture in range(PICTURES):
        if (targets.matches[picture] == NEGATIVE).all():
            continue
        for anchor in range(student.classes.shape[1]):
            softened = [(head.classes[picture, anchor] / 2).softmax(0).tolist() for head in (teacher, student)]
            score = float(teacher.classes[picture, anchor].softmax(0)[1])
            is_face = bool(targets.matches[picture, anchor] >= 0)
            counted += score > 0.3 or is_face
            if score >= 0.5 or not is_face:
                divergence += 4 * sum(p * math.log(p / q) for p, q in zip(*softened, strict=True))
            if score > 0.3:
                box += score * sum(map(plain_smooth_l1, student.boxes[picture, anchor].tolist(), teacher.boxes[picture, anchor].tolist()))
                sure += score
    terms = distill.distillation_losses(observation(student, ours), observation(teacher, theirs), targets)
    assert float(terms["teacher_class"]) == pytest.approx(divergence / counted, rel=1e-4)
    assert float(terms["teacher_box"]) == pytest.approx(box / sure, rel=1e-4)
    relative = [float(((a - b.relu()) ** 2).mean() / (b.relu() ** 2).mean()) for a, b in zip(ours, theirs, strict=True)]
    assert float(terms["teacher_features"]) == pytest.approx(sum(relative) / 2, rel=1e-4)


def test_a_student_equal_to_its_teacher_has_nothing_to_learn(case):
    heads, targets, _ = case
    features = [torch.rand(PICTURES, 4, 3, 3), torch.rand(PICTURES, 4, 2, 2)]
    terms = distill.distillation_losses(observation(heads, features), observation(heads, features), targets)
    assert len(terms) == 4 and all(float(term) == pytest.approx(0, abs=1e-4) for term in terms.values())


def test_negatives_that_the_teacher_moves_onto_a_face_are_not_background(case):
    heads, targets, anchors = case
    teacher = Heads(torch.tensor([4.0, -4.0]).repeat(PICTURES, len(anchors), 1), torch.zeros_like(heads.boxes), heads.landmarks)
    moved, unsure, elsewhere = (targets.matches[0] == NEGATIVE).nonzero()[:3, 0]
    far = targets.boxes[0, 2] + 60
    for anchor, box, logit in ((moved, targets.boxes[0, 2], 4.0), (unsure, targets.boxes[0, 2], -4.0), (elsewhere, far, 4.0)):
        teacher.classes[0, anchor] = torch.tensor([-logit, logit])
        teacher.boxes[0, anchor] = encode_boxes(box, anchors[anchor])
    result = distill.without_contradictions(targets, teacher, anchors)
    changed = (result.matches != targets.matches).nonzero()
    assert changed.tolist() == [[0, int(moved)]] and result.matches[0, moved] == IGNORED


def test_a_teacher_with_other_anchors_teaches_the_shared_ones(case):
    student, targets, anchors = case
    generator = torch.Generator().manual_seed(7)
    places = torch.arange(0, len(anchors), 3), torch.randperm(len(anchors) + 5, generator=generator)[: len(anchors[::3])]
    teacher = Heads(*(torch.randn(PICTURES, len(anchors) + 5, head.shape[2], generator=generator) for head in student))
    theirs = Heads(*(head[:, places[1]] for head in teacher))
    part = replace(targets, matches=targets.matches[:, ::3])
    expected = distill.distillation_losses(
        observation(Heads(*(head[:, ::3] for head in student)), []), observation(theirs, []), part, features=False
    )
    terms = distill.distillation_losses(observation(student, []), observation(teacher, []), targets, shared=places, features=False)
    assert terms == expected and set(terms) == {"teacher_class", "teacher_box", "teacher_landmarks"}
    assert float(distill.total(terms, DistillWeights(features=1e9), 0.0)) > 0
    changed = distill.without_contradictions(targets, teacher, anchors, places).matches
    expected = targets.matches.clone()
    expected[:, ::3] = distill.without_contradictions(part, theirs, anchors[::3]).matches
    assert torch.equal(changed, expected)
