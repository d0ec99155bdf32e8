"""Jobs as processes of their own that start at once: forked from one that has loaded torch, transformers and peft.

What such a process carries out is `python -m runners RUN_DIR --attempt N` from its first line to its last word; only
the loading of libraries is shared. It is ended by a real SIGKILL, which it sends itself at a step of the test's choice.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from multiprocessing.process import BaseProcess
from pathlib import Path

from runners.rundir import RunDir

PATIENCE_S = 150
_LOADED_ONCE = ["runners.tasks.run", "runners.tasks.train", "peft", "tests.torch.processes"]


def start(run_dir: RunDir, *, killed_at: int | None = None) -> list[BaseProcess]:
    """Start an attempt in as many processes as its spec says; the first kills itself once a step's loss is written."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED_ONCE)
    train, attempt = run_dir.spec().train, run_dir.new_attempt()
    size = 1 if train is None else train.world_size
    joint = {} if size == 1 else {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": _free_port()}
    jobs: list[BaseProcess] = []
    for rank in range(size):
        own = joint | ({"RANK": str(rank), "LOCAL_RANK": str(rank)} if joint else {})
        job = context.Process(target=_carry_out, args=(run_dir.path, attempt, own, None if rank else killed_at))
        job.start()
        jobs.append(job)
    return jobs


def ends(jobs: list[BaseProcess]) -> list[int | None]:
    """Wait for processes and return how each ended; one that does not end is killed."""
    for job in jobs:
        job.join(PATIENCE_S)
        job.kill()
        job.join()
    return [job.exitcode for job in jobs]


def _carry_out(path: Path, attempt: int, environment: dict[str, str], killed_at: int | None) -> None:
    import torch

    from runners.__main__ import main
    from runners.tasks.reporter import Reporter

    os.environ.update(environment)
    torch.set_num_threads(1)
    log = os.open(path / "attempts" / f"{attempt:03d}" / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if killed_at is not None:
        metric = Reporter.metric

        def dying(self: Reporter, step: int, values: dict[str, float]) -> None:
            metric(self, step, values)
            if step == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

        Reporter.metric = dying  # type: ignore[method-assign, assignment]
    raise SystemExit(main([str(path), "--attempt", str(attempt)]))


def _free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])
