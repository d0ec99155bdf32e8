"""Fetch a model's tokenizer and configuration into the hub's local cache, never its weights: `python -m runners.fetch`.

A program of its own, so that what talks to the hub is never loaded in the terminal's process. It prints one line of
JSON: the commit and the folder, or a sentence that says what went wrong.
"""

from __future__ import annotations

import json
import sys
from typing import Any

WANTED = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "config.json",
    "generation_config.json",
)


def fetch(model_id: str, revision: str | None) -> dict[str, Any]:
    """Fetch the files and return `commit` and `folder`, or `problem`.

    Args:
        model_id: a repository's id.
        revision: branch, tag or commit; None for what `main` stands at.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError
        from huggingface_hub.errors import RevisionNotFoundError as NoRevision
    except ImportError:
        return {"problem": "this Python has no huggingface_hub. Install the extra train, or name another Python."}
    try:
        folder = snapshot_download(model_id, revision=revision, allow_patterns=list(WANTED))
    except HFValidationError:
        return {"problem": f"{model_id!r} is no repository's id. It looks like organisation/name."}
    except GatedRepoError:
        return {
            "problem": f"the hub gives {model_id} only to those who accepted its terms. Accept them on its page and "
            "log in with `hf auth login`."
        }
    except NoRevision:
        return {"problem": f"{model_id} has no revision {revision!r}. Leave it out for the newest, or name a commit."}
    except RepositoryNotFoundError:
        return {"problem": f"the hub knows no model {model_id}. Check its spelling; a private one needs a login."}
    except (OSError, ValueError) as error:
        # The library's errors of network and server are all OSErrors; a long one goes on with advice of its own.
        first = (str(error).strip().splitlines() or [type(error).__name__])[0].removeprefix("Got: ").rstrip(".")
        return {"problem": f"{model_id} could not be fetched ({first}). Check the network, and try again."}
    # The cache names the folder of a snapshot after its commit.
    return {"commit": folder.rstrip("/").rpartition("/")[2], "folder": folder}


def main(arguments: list[str]) -> int:
    """Fetch the model that the first argument names, at the revision of the second."""
    found = fetch(arguments[0], arguments[1] if len(arguments) > 1 else None)
    print(json.dumps(found))
    return 1 if "problem" in found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
