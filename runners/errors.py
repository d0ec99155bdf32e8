"""The error tree of runners: every message says what happened to what, and what to do."""


class RunnersError(Exception):
    """Base of every error this package raises on purpose."""


class SpecError(RunnersError):
    """A spec that cannot be carried out; carries all problems of it at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class RunDirError(RunnersError):
    """A run directory that is missing a file or holds one that cannot be read."""


class PlaceError(RunnersError):
    """A place that cannot be reached or cannot run the job."""


class UnreachableError(PlaceError):
    """A place that cannot be asked now, and may be again without anybody's doing: nothing is known of its jobs."""


class ModelError(RunnersError):
    """A model that cannot be loaded, or that failed its self-test after loading."""


class ProcessLostError(RunnersError):
    """Another process of a run that ended without a word, so that the step they share cannot be finished."""


class CarriedError(PlaceError):
    """Results that were carried here and cannot be taken in, or a bundle that cannot be packed or carried out."""


class NotAllHereError(CarriedError):
    """Results of which a part is still to arrive: later it may be here."""

    def __init__(self, message: str, here: int, expected: int) -> None:
        self.here, self.expected = here, expected
        super().__init__(message)
