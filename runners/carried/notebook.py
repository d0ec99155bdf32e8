"""The notebook that a bundle carries: a few cells in plain words, for an author who opens it in Colab.

The decision to know: every cell is plain Python and starts `run.py` as a process, so the notebook has no way of its own
to do anything. All cells can be run again at any time.
"""

from __future__ import annotations

import json
from typing import Any, Final

_INTRODUCTION: Final = """\
# {run}

This notebook carries out one run of your workbench: **{task}** with the model `{model}`.
Everything it needs lies in the folder it came in.

1. In Colab, choose **Runtime → Change runtime type** and a **GPU**.
2. Choose **Runtime → Run all**, and let the tab stay open.
3. When the last cell is done, the results are packed. If this folder is synced with your own machine, the workbench
   finds them by itself; else download `results.zip` and bring it back.

If it is interrupted, run all cells again: it goes on from its last checkpoint.
"""

_FIND_WORDS: Final = """\
## 1. Find the folder

The folder of this run is looked for here, then as an uploaded `{run}.zip`, then in your Google Drive (Colab asks
whether it may look there). If it lies elsewhere, write its path between the quotation marks of `FOLDER`.
"""

_FIND: Final = '''\
FOLDER = ""

import os, signal, subprocess, sys, zipfile
from pathlib import Path

RUN = {run}

def find():
    """Return the folder of this run, or None."""
    for folder in ([Path(FOLDER).expanduser()] if FOLDER else []) + [Path.cwd(), Path.cwd() / RUN]:
        if (folder / "bundle.json").is_file() and RUN in (folder / "bundle.json").read_text(encoding="utf-8"):
            return folder
    for archive in sorted(Path.cwd().glob(RUN + "*.zip")):
        print("Unpacking", archive.name)
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(Path.cwd())
        return Path.cwd() / RUN
    try:
        from google.colab import drive
    except ImportError:
        return None
    drive.mount("/content/drive")
    for folder, names, _ in os.walk("/content/drive/MyDrive"):
        if RUN in names and (Path(folder) / RUN / "bundle.json").is_file():
            return Path(folder) / RUN
        # Four folders deep is deep enough; a whole Drive takes long.
        names[:] = [] if len(Path(folder).parts) > 7 else [name for name in names if not name.startswith(".")]
    return None

def run(*words):
    """Start run.py with some words, and print what it says."""
    command = [sys.executable, "-u", str(BUNDLE / "run.py"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as job:
        while True:
            try:
                for line in job.stdout:
                    print(line, end="")
                break
            except KeyboardInterrupt:
                job.send_signal(signal.SIGINT)
    if job.returncode:
        raise RuntimeError("This step did not succeed. What is printed above says why, and what to do.")

BUNDLE = find()
if BUNDLE is None:
    raise FileNotFoundError(
        "The folder " + RUN + " is not here. Put it into your Google Drive, or upload " + RUN + ".zip to the files on "
        "the left, and run this cell again."
    )
print("Found", BUNDLE)
'''

_STEPS: Final = (
    ("## 2. Install what is missing", 'run("install")\n'),
    ("## 3. Check the graphics card", 'run("check")\n'),
    (
        "## 4. Carry out the run\n\nThis takes as long as the workbench said. To stop, press the square beside the "
        "cell once: it ends after the step it is in and keeps a checkpoint.",
        'run("run")\n',
    ),
    (
        "## 5. Pack the results\n\nIn Colab the browser then downloads `results.zip`, unless the folder lies in your "
        "Drive. Bring it back in the workbench: in Runs, the command **bring results**, or in a terminal "
        "`workbench runs bring {run} results.zip`.",
        """\
run("pack")

if not str(BUNDLE).startswith("/content/drive"):
    try:
        from google.colab import files
    except ImportError:
        pass
    else:
        files.download(str(BUNDLE / "results.zip"))
""",
    ),
)


def notebook(run: str, task: str, model: str) -> str:
    """Return the notebook of a run, as the text of an `.ipynb` file.

    Args:
        run: its name.
        task: in words.
        model: its id.
    """
    names = {"run": run, "task": task, "model": model}
    cells = [_words(_INTRODUCTION.format(**names)), _words(_FIND_WORDS.format(**names))]
    cells.append(_code(_FIND.replace("{run}", json.dumps(run))))
    for words, code in _STEPS:
        cells += [_words(words.format(**names)), _code(code)]
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"
    data = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "accelerator": "GPU",
            "colab": {"provenance": []},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "cells": cells,
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _words(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.rstrip("\n").splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": text.rstrip("\n").splitlines(keepends=True),
    }
