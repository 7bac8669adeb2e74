"""Wherever a run is cut, it goes on to the end of one that was not."""

from .conftest import SHARES
from .cuts import PATIENCE, at_points, interrupted, killed


def test_a_run_killed_at_an_operation_of_store_or_git_comes_to_the_same_end(
    ground, points, share, record_property
):
    record_property("points", len(points))
    record_property("of", len(range(share, len(ground.points), SHARES)))
    assert at_points(ground, points) == []


def test_a_run_killed_at_any_moment_comes_to_the_same_end(ground, kill, chance, record_property):
    record_property("kills", 1)
    assert killed(ground, f"kill-{kill}", chance) == []


def test_a_run_that_is_interrupted_ends_whole_and_comes_to_the_same_end(
    ground, interrupt, chance, record_property
):
    faults, seconds = interrupted(ground, f"interrupt-{interrupt}", chance)
    record_property("interrupts", 1)
    record_property("seconds", seconds)
    assert faults == []
    assert seconds < PATIENCE


def test_a_run_killed_while_it_takes_in_what_has_moved_comes_to_the_same_end(
    moved, moved_points, share, record_property
):
    record_property("points", len(moved_points))
    record_property("of", len(range(share, len(moved.points), SHARES)))
    assert [event["base"] for event in moved.reference.of("base_taken")] != []
    assert at_points(moved, moved_points) == []
