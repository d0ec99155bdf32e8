"""Keys of Experiments that lead elsewhere: launch a copy or a replicate of a run, see it in Runs, review it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.screens.experiment_base import ExperimentBase

if TYPE_CHECKING:
    from workbench.operations.drafting import Kind
    from workbench.operations.experiments import Branch


class LaunchKeys(ExperimentBase):
    """What is done with the run under the cursor; `ExperimentsScreen` binds the keys."""

    def select(self, run: str) -> None:
        """Have the cursor on a run when the tree is asked for next."""
        raise NotImplementedError

    def action_launch(self) -> None:
        """Open the launch form as a copy of the run, on the same dataset."""
        branch = self.branch
        if branch is not None and not self._cannot_be_copied(branch):
            self._ask_form(branch, replicate=False)

    def action_replicate(self) -> None:
        """Open the launch form as a copy of the run with nothing but another seed."""
        branch = self.branch
        if branch is None or self._cannot_be_copied(branch):
            return
        if branch.row.task != "train":
            self.say("A run that only samples is no experiment: a replicate is of a training run.", "warning")
            return
        self._ask_form(branch, replicate=True)

    def _cannot_be_copied(self, branch: Branch) -> bool:
        if branch.sort == "imported":
            self.say(
                f"{branch.row.name} was made elsewhere, and how is not known: there is nothing to copy.", "warning"
            )
            return True
        return False

    def _ask_form(self, branch: Branch, *, replicate: bool) -> None:
        """Ask what a copy begins with, and open the form; of a smoke run its parent is meant, if there is one."""
        project = self.project
        name = branch.row.parent if branch.sort == "smoke" and branch.row.parent else branch.row.name

        def ask() -> tuple[int | None, str | None, int]:
            from workbench.operations.experiment_records import Records

            records = Records.read(project)
            kept = records.kept[name]
            return kept.dataset_id, kept.adapter_run, records.free_seed(name)

        def open_form(answer: tuple[int | None, str | None, int]) -> None:
            dataset_id, adapter, seed = answer
            changes = {"train.seed": seed} if replicate else None
            if branch.row.task == "train":
                self._open("train", parent=name, dataset_id=dataset_id, changes=changes)
            elif branch.row.task == "score":
                kind: Kind = "score adapter" if adapter else "score base"
                self._open(kind, parent=name, adapter_run=adapter, dataset_id=dataset_id)
            else:
                self._open("sample adapter" if adapter else "sample base", parent=name, adapter_run=adapter)

        self.ask(ask, open_form, group="form")

    def _open(self, kind: Kind, **start: Any) -> None:
        from workbench.screens.launch import LaunchScreen

        self.app.push_screen(LaunchScreen(kind, launched=self._launched, **start))

    def _launched(self, name: str) -> None:
        self.select(name)
        self.app.project_changed()
        self.say(f"Launched {name}. It goes on when the program is closed.")

    def action_runs(self) -> None:
        """Go to the run in Runs; from the notebook to Runs as it was left."""
        from workbench.screens.runs import RunsScreen

        screen = self.app.get_screen("runs")
        assert isinstance(screen, RunsScreen)
        if self.branch is not None:
            screen.select(self.branch.row.name)
        self.app.go("runs")

    def action_review(self) -> None:
        """Go to the review of the run; where it has nothing to judge, to Review as it was left."""
        from workbench.screens.review import ReviewScreen

        screen = self.app.get_screen("review")
        assert isinstance(screen, ReviewScreen)
        if self.branch is not None and self.branch.tally is not None:
            screen.open_run(self.branch.row.name)
        self.app.go("review")
