import gc
import sys

import pytest

from workbench import pauses
from workbench.pauses import Pauses


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _own_collector():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture
def collections(monkeypatch):
    done: list[str] = []
    monkeypatch.setattr(pauses, "_collect", lambda: done.append("collected"))
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 7))
    return done


def test_no_garbage_is_collected_while_keys_come(collections):
    clock = Clock()
    quiet = Pauses(clock=clock)
    for _ in range(50):
        clock.now += 0.5
        quiet.key()
        clock.now += 0.2
        quiet.tick()
    assert not collections


def test_garbage_is_collected_in_a_pause(collections):
    clock = Clock()
    quiet = Pauses(clock=clock)
    clock.now += 1.0
    quiet.tick()
    assert collections == ["collected"]


def test_a_pause_with_nothing_to_collect_is_left_alone(collections, monkeypatch):
    monkeypatch.setattr(gc, "get_count", lambda: (600, 9, 1))
    clock = Clock()
    quiet = Pauses(clock=clock)
    clock.now += 5.0
    quiet.tick()
    assert not collections


def test_modules_are_imported_ahead_one_a_tick_and_only_between_keys():
    clock = Clock()
    names = ["wave", "colorsys"]
    for name in names:
        sys.modules.pop(name, None)
    quiet = Pauses(names, clock=clock)
    quiet.tick()
    assert "wave" not in sys.modules
    clock.now += 0.4
    quiet.tick()
    assert "wave" in sys.modules
    assert "colorsys" not in sys.modules
    quiet.key()
    quiet.tick()
    assert "colorsys" not in sys.modules
    clock.now += 0.4
    quiet.tick()
    assert "colorsys" in sys.modules


def test_what_survives_is_set_aside_and_a_long_pause_looks_at_it_again():
    clock = Clock()
    quiet = Pauses(clock=clock)
    pauses._collect()
    assert gc.get_freeze_count() > 0

    class Node:
        pass

    node = Node()
    node.itself = node
    died: list[int] = []
    import weakref

    weakref.finalize(node, died.append, 1)
    gc.freeze()
    del node
    pauses._collect()
    assert not died
    clock.now += 700.0
    quiet.tick()
    assert died


def test_full_collections_are_taken_away_from_python():
    Pauses().start()
    assert gc.get_threshold()[2] == pauses._FULL_AFTER


def test_a_program_that_has_ended_leaves_collecting_as_it_found_it():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    quiet = Pauses()
    quiet.stop()
    assert gc.get_threshold() == before
    quiet.start()
    pauses._collect()
    assert gc.get_freeze_count() > frozen
    quiet.stop()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
