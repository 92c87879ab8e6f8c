"""Steps carried out, each only where it is not done yet; what has changed decides what runs after it."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from beluga.errors import BelugaError
from beluga.install.plan import LinkStep, RemoveStep, RunStep, Step, WriteStep

ASIDE = ".before-beluga"


class StepFailedError(BelugaError):
    """A step could not be done."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(why, said)
        self.why, self.said = why, said

    def __str__(self) -> str:
        return f"{self.why}: {self.said.strip()[-600:]}"


def in_words(step: Step) -> str:
    """One line of what a step does, for `--dry-run`."""
    match step:
        case RunStep():
            return f"run     {' '.join(step.command)}    # {step.why}"
        case WriteStep():
            kept = ", where it does not exist" if step.kept else ""
            return f"write   {step.path} ({step.mode:o}{kept})"
        case LinkStep():
            return f"link    {step.path} -> {step.target}"
        case RemoveStep():
            back = f", {step.path}{ASIDE} comes back" if step.restore else ""
            return f"remove  {step.path}{back}"


def carry_out(steps: Sequence[Step], tell: Callable[[str], None], root: Path = Path("/")) -> int:
    """Do what is not done; returns how many steps changed something. Raises `StepFailedError`.

    `root`: of the files (a test's folder); commands run as they are. What is made others may read: the
    service runs as another user than root, and what is secret is written with a mode of its own.
    """
    changed: set[Path] = set()
    count = 0
    before = os.umask(0o022)
    try:
        for step in steps:
            if _done(step, changed, root):
                count += 1
                tell(in_words(step))
    finally:
        os.umask(before)
    return count


def _done(step: Step, changed: set[Path], root: Path) -> bool:
    if isinstance(step, RunStep):
        return _run(step, changed)
    path = root / step.path.relative_to("/")
    try:
        done = _written(step, path) if isinstance(step, WriteStep) else _linked_or_gone(step, path)
    except OSError as error:
        raise StepFailedError(str(step.path), f"{error.strerror}; run it as root") from None
    if done:
        changed.add(step.path)
    return done


def _run(step: RunStep, changed: set[Path]) -> bool:
    if step.when and not changed & set(step.when):
        return False
    if step.unless and _exit_of(step.unless) == 0:
        return False
    try:
        done = subprocess.run(
            step.command, capture_output=True, text=True, check=False,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip
    except OSError as error:
        raise StepFailedError(step.why, f"{step.command[0]}: {error.strerror}") from None
    if done.returncode:
        raise StepFailedError(
            step.why, done.stderr or done.stdout or f"{step.command[0]} ended with {done.returncode}"
        )
    return True


def _exit_of(command: Sequence[str]) -> int:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode
    except OSError:
        return 127


def _written(step: WriteStep, path: Path) -> bool:
    known = path.read_text(encoding="utf-8") if path.exists() else None
    if known is not None and (step.kept or known == step.content):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    if known is not None and step.mark and not known.startswith(step.mark):
        aside = path.with_name(path.name + ASIDE)
        if not aside.exists():
            shutil.copy2(path, aside)
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(step.content)
        out.flush()
        os.fsync(out.fileno())
    new.chmod(step.mode)
    with contextlib.suppress(KeyError, PermissionError):
        os.chown(new, pwd.getpwnam(step.owner).pw_uid, -1)
    new.replace(path)
    return True


def _linked_or_gone(step: LinkStep | RemoveStep, path: Path) -> bool:
    if isinstance(step, LinkStep):
        if path.is_symlink() and path.readlink() == step.target:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(step.target)
        new.replace(path)
        return True
    aside = path.with_name(path.name + ASIDE)
    back = step.restore and aside.exists()
    if not path.exists() and not path.is_symlink() and not back:
        return False
    if step.mark and path.is_file() and not path.read_text(encoding="utf-8").startswith(step.mark):
        return False
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if back:
        aside.replace(path)
    return True
