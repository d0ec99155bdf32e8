"""The package as it is shipped to another machine: one archive, known by the hash of what is in it.

The decision to know: the job there is the same code as here, so nobody has to install or update the workbench on the
host; what is there under a hash never changes, so a job that runs is never pulled from under itself.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Final

import runners

# Read by whatever Python the host has: one that is too old must be able to say so.
_UNPACK: Final = """
import sys
if sys.version_info < (3, 11):
    sys.stderr.write("too old: %d.%d" % sys.version_info[:2])
    sys.exit(3)
import hashlib, io, os, shutil, tempfile, zipfile
name, expected = sys.argv[2:4]
data = sys.stdin.buffer.read()
if hashlib.sha256(data).hexdigest() != expected:
    sys.exit("the package did not arrive whole")
aside = tempfile.mkdtemp(dir=".")
try:
    zipfile.ZipFile(io.BytesIO(data)).extractall(aside)
    os.chmod(aside, 0o755)
    os.rename(aside, name)
except OSError as error:
    if not os.path.isdir(name):
        sys.exit("%s" % error)
finally:
    shutil.rmtree(aside, ignore_errors=True)
"""

# Words without a quote, a backslash or a line end: every login shell takes them as they are. Name and hash follow.
UNPACK: Final = (
    "-c",
    "import base64,sys;exec(base64.b64decode(sys.argv[1]))",
    base64.b64encode(_UNPACK.encode("ascii")).decode("ascii"),
)


@lru_cache(maxsize=1)
def package() -> tuple[str, bytes]:
    """Return the package's name on the host, and the archive."""
    home = Path(runners.__file__).resolve().parent
    digest, archive = hashlib.sha256(), io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(home.rglob("*")):
            if "__pycache__" in path.parts or not path.is_file():
                continue
            name, data = path.relative_to(home.parent).as_posix(), path.read_bytes()
            digest.update(f"{name}\n{len(data)}\n".encode() + data)
            # Without a date, so that the same package always makes the same archive.
            made.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return digest.hexdigest()[:16], archive.getvalue()
