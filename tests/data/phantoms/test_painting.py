"""Random draws, frames and soft shapes of the embedded sets."""

import numpy as np

from medjax.data.phantoms.painting import Draw, bump, disc, step


def test_an_unposed_frame_spans_minus_one_to_one():
    u, v = Draw(np.random.default_rng(0), 2).frame(4, shift=0.0, zoom=(1.0, 1.0), turn=0.0)
    np.testing.assert_allclose(u[1, 2], [-0.75, -0.25, 0.25, 0.75])
    np.testing.assert_allclose(v[1, :, 2], [-0.75, -0.25, 0.25, 0.75])


def test_a_pose_is_a_similarity():
    """A turn and a zoom scale every distance by the same factor."""
    u, v = Draw(np.random.default_rng(0), 3).frame(8, shift=0.5, zoom=(0.5, 2.0), turn=3.0)
    right = np.hypot(u[:, 0, 7] - u[:, 0, 0], v[:, 0, 7] - v[:, 0, 0])
    down = np.hypot(u[:, 7, 0] - u[:, 0, 0], v[:, 7, 0] - v[:, 0, 0])
    np.testing.assert_allclose(right, down)
    assert np.ptp(right) > 0.1


def test_soft_shapes_at_their_centre_edge_and_outside():
    np.testing.assert_allclose(bump(np.array([0.0, 1.0])), [1, np.exp(-1)])
    np.testing.assert_allclose(step(np.array([-9.0, 0.0, 9.0]), 0.1), [0, 0.5, 1])
    distance = np.array([0.0, 0.5, 2.0])
    np.testing.assert_allclose(disc(distance, 0 * distance, 0.5, 0.1), [1, 0.5, 0], atol=1e-8)


def test_draws_are_one_an_image_and_in_range():
    drawn = Draw(np.random.default_rng(0), 500).uniform(2.0, 3.0)
    assert drawn.shape == (500, 1, 1)
    assert 2 <= drawn.min() < 2.05 < 2.95 < drawn.max() < 3
