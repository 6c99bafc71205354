import numpy as np
import pytest

from samn_jax.convert import rules
from tests.parity import formula_weights


@pytest.mark.parametrize(
    ("name", "axes", "path"),
    [
        ("Encoder_M.conv1_m.weight", 4, "params Encoder_M conv1_m kernel"),
        ("Encoder_Q.res4.5.bn3.weight", 1, "params Encoder_Q res4_5 bn3 scale"),
        (
            "Encoder_Q.res2.0.downsample.0.weight",
            4,
            "params Encoder_Q res2_0 downsample_conv kernel",
        ),
        (
            "Encoder_Q.res2.0.downsample.1.running_var",
            1,
            "batch_stats Encoder_Q res2_0 downsample_bn var",
        ),
        ("Decoder.RF3.ResFS.conv1.bias", 1, "params Decoder RF3 ResFS conv1 bias"),
    ],
)
def test_paths_of_our_own_kind(name, axes, path):
    found = rules.variable_paths(name, axes, rules.KINDS["samn"])
    assert found == [tuple(path.split())]


def test_torchvision_names_fill_both_encoders():
    found = rules.variable_paths("layer3.0.conv2.weight", 4, rules.KINDS["resnet50"])
    assert found == [
        ("params", encoder, "res4_0", "conv2", "kernel")
        for encoder in ("Encoder_M", "Encoder_Q")
    ]


@pytest.mark.parametrize("name", ["weight", "Encoder_Q.bn1.num_batches_tracked"])
def test_names_that_no_rule_knows(name):
    assert rules.variable_paths(name, 0, rules.KINDS["samn"]) == []


def test_layout_moves_torch_kernels_to_ours():
    kernel = np.arange(2 * 3 * 4 * 5, dtype=np.float16).reshape(2, 3, 4, 5)
    ours = rules.layout(kernel)
    assert ours.shape == rules.layout_shape(kernel.shape) == (4, 5, 3, 2)
    assert ours[1, 2, 0, 1] == kernel[1, 0, 1, 2]
    np.testing.assert_array_equal(rules.layout(np.arange(3)), [0, 1, 2])
    assert rules.layout_shape((3,)) == (3,)


def test_every_name_of_the_authors_checkpoint_has_a_place_or_a_reason():
    shapes = formula_weights.shapes_by_name()
    assert len(shapes) == 558
    homeless = {
        name
        for name, (shape, _) in shapes.items()
        if not rules.variable_paths(name, len(shape), rules.KINDS["samn"])
    }
    assert all(
        name.endswith((".num_batches_tracked", ".mean", ".std")) for name in homeless
    )
