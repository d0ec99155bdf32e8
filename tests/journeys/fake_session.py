"""A session whose model needs no loading: a job that answers each question from a list of words, with real files.

`python fake_session.py RUN_DIR --attempt N`. A file `hold` in the run directory lets it wait before it answers, `fail`
in place of loading ends it with an error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from runners.events import EventWriter, utc_now
from runners.places.local import LocalPlace
from runners.questions import Answer, Question, Written, read_question, write_answer
from runners.rundir import RunDir

WORDS = ("walk slowly", "stand at a gate and look", "forget the way home, which is longer")


def answer(question: Question, number: int) -> Answer:
    """Answer as many texts as are asked for, others for another seed."""
    first = question.seed - 1
    texts = [WORDS[(first + index) % len(WORDS)] for index in range(question.samples)]
    if question.kind == "continue":
        texts = [f"{text.capitalize()}, and be the happier for it." for text in texts]
    samples = tuple(
        Written(
            index=index,
            seed=question.seed + index,
            text=text,
            token_ids=(1,),
            tokens=1,
            seconds=0.1,
            trace=f"traces/request-{number:06d}-{index}.json",
        )
        for index, text in enumerate(texts)
    )
    long = len(question.before.split()) > 500
    warnings = ("Text and canvas take 2000 tokens together; the model was made for 1024.",) if long else ()
    return Answer(request=number, attempt=1, samples=samples, seconds=0.3, warnings=warnings, at=utc_now())


def serve(run_dir: RunDir, attempt: int) -> None:
    """Answer until the stop file is there."""
    events = EventWriter(run_dir.events(attempt), attempt)
    if (run_dir.path.parent / "fail").exists():
        events.emit("error", {"message": "The model is too large.", "kind": "ModelError", "detail": ""})
        return
    events.emit("phase", {"phase": "wait", "total": None})
    while not run_dir.stop_requested() and run_dir.path.is_dir():
        for number in run_dir.request_numbers():
            if run_dir.answer_json(number).exists() or (run_dir.path.parent / "hold").exists():
                continue
            question = read_question(run_dir, number)
            if question is not None:
                events.emit(
                    "answer",
                    {"request": number, "kind": question.kind, "samples": question.samples, "seconds": 0.3},
                )
                write_answer(run_dir, answer(question, number))
        time.sleep(0.01)
    events.emit("stopped", {"reason": "the stop file"})


@contextmanager
def instead_of_a_model() -> Iterator[None]:
    """Let sessions be carried out by this file."""
    local = LocalPlace(command=[sys.executable, __file__], nice=0)
    with mock.patch("workbench.operations.sessions.session_place", return_value=local):
        yield


if __name__ == "__main__":
    serve(RunDir(Path(sys.argv[1])), int(sys.argv[3]))
