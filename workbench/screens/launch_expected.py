"""What is to be expected of the run that a form would launch: memory, time, and responses that would be cut.

Asked anew with every change of the form, in threads; the form never waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen

if TYPE_CHECKING:
    from workbench.operations.drafting import Form
    from workbench.operations.forecasting import Forecast
    from workbench.operations.timing import Sampling

# How often the forecast is made anew while a smoke run goes on, in seconds.
_LOOK_S = 1.0


class Expected:
    """What is known so far.

    Attributes:
        forecast: of memory and time; None before it is there, and where none can be made.
        sampling: what a sample run writes, and in what time; None before it is there, and for other tasks.
        too_long: warnings about pairs that are longer than the limit.
        measuring: whether a smoke run goes on.
    """

    def __init__(self, screen: ProjectScreen, changed: Callable[[], None]) -> None:
        """Begin with nothing known.

        Args:
            screen: asks, and is not asked any longer once it is closed.
            changed: is called on the event loop when something else is known.
        """
        self.forecast: Forecast | None = None
        self.sampling: Sampling | None = None
        self.too_long: tuple[str, ...] = ()
        self.measuring = False
        self._screen = screen
        self._changed = changed
        self._form: Form | None = None
        self._counted: tuple[object, ...] = ()

    def ask(self, form: Form) -> None:
        """Ask for everything about a form."""
        self._form = form
        self._ask_forecast(form)
        self._ask_lengths(form)

    def follow_smoke(self, name: str) -> None:
        """Make the forecast anew until the steps of a smoke run are measured, or it is over."""
        from workbench.operations.running import run_view

        project = self._screen.project

        def look() -> None:
            time = None if self.forecast is None else self.forecast.time
            known = time is not None and time.measured_in == name
            if not self._screen.is_attached:
                timer.stop()
            elif known or not self.measuring:
                self.measuring = False
                timer.stop()
                self._changed()
            elif self._form is not None:
                self._ask_forecast(self._form)
                self._screen.ask(lambda: run_view(project, name).over, over, group="smoke")

        def over(is_over: bool) -> None:
            self.measuring = not is_over

        self.measuring = True
        self._changed()
        timer = self._screen.set_interval(_LOOK_S, look)

    def _ask_forecast(self, form: Form) -> None:
        project = self._screen.project

        def ask() -> tuple[Forecast | None, Sampling | None]:
            from workbench.operations.forecasting import forecast_run
            from workbench.operations.timing import expected_sampling

            return forecast_run(project, form.draft), expected_sampling(project, form.draft)

        def show(found: tuple[Forecast | None, Sampling | None]) -> None:
            self.forecast, self.sampling = found
            self._changed()

        self._screen.ask(ask, show, group="forecast")

    def _ask_lengths(self, form: Form) -> None:
        """Ask how the pairs meet the limit; a large dataset takes seconds."""
        from workbench.operations.lengths import length_warnings

        draft, project = form.draft, self._screen.project
        counted = (draft.spec.model, draft.dataset_id)
        if counted != self._counted:
            # What is said of another model's tokens must not stand meanwhile.
            self._counted, self.too_long = counted, ()
            self._changed()

        def show(too_long: tuple[str, ...]) -> None:
            self.too_long = too_long
            self._changed()

        def cancelled() -> bool:
            return self._form is not form or not self._screen.is_attached

        self._screen.ask(
            lambda: length_warnings(project, draft.spec, draft.dataset_id, cancelled=cancelled), show, group="lengths"
        )
