import os

import pytest
import torch

from tests.torch import helpers


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    return helpers.tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """Keep to one core; bits are compared between processes, and the number of threads can change them."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """Let no test wait until a busy disk has taken everything."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
