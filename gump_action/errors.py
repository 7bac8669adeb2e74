"""What someone must act on before anything can go on, and the exit code that says so.

    GumpError                 the base: a message and, where there is one, what to do
    ├── InputError            a wrong option, file, repository or state directory     exit 2
    │   └── WorkflowError     faults in a workflow file, each with file and line      exit 2
    ├── ProviderError         an agent CLI that is missing or cannot be used          exit 4
    ├── CommandError          a program of ours (git, mostly) that ended badly        exit 3
    ├── MachineError          a full disk, a folder that cannot be written to          exit 4
    ├── Stopped               a signal came, and the time to answer it is over         exit 130
    ├── LostError             what a run stands on was removed while it ran           exit 1
    └── HostError             GitHub refused or did not answer                        exit 2

How a step ends (a red gate, an agent that gives up) is a value, not an exception: see
`engine.outcome`.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass


class GumpError(Exception):
    """Says what was seen, why that is a problem, and what to do."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class InputError(GumpError):
    """Something that was given to us is wrong; nothing was run and nothing was changed."""

    exit_code = 2


@dataclass(frozen=True)
class Fault:
    """One fault or warning of a file: where, and what."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class WorkflowError(InputError):
    """A workflow file with faults, all of them at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class ProviderError(GumpError):
    """An agent CLI is missing, is not logged in, or says what we cannot read."""

    exit_code = 4


class CommandError(GumpError):
    """A program that the engine needs ended badly."""

    def __init__(self, argv: Sequence[str], code: int, tail: str) -> None:
        super().__init__(f"`{' '.join(argv)}` ended with {code}:\n{tail}".rstrip())
        self.argv, self.code, self.tail = tuple(argv), code, tail


class MachineError(GumpError):
    """The machine has no room, or does not let us; what is in the record stays there."""

    exit_code = 4


# What somebody puts right on the machine.  Any other OSError in our way is a fault of ours.
_OF_MACHINE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
)


def of_machine(error: OSError) -> MachineError | None:
    """What to say of an error that is the machine's own; None where it may be a fault of ours."""
    is_refusal = error.errno in (errno.EACCES, errno.EPERM)
    # Without a file the number may be another library's: 1 is what OpenSSL says, too.
    if error.errno not in _OF_MACHINE or (is_refusal and not error.filename):
        return None
    where = str(error.filename2 or error.filename or "what is written or read here")
    return MachineError(
        f"{where}: {error.strerror}.",
        hint="Make room there, or allow it; then do the same again. A run goes on from its record.",
    )


class Stopped(GumpError):
    """The run was told to stop, and what is under way cannot be done in the time that is left."""

    exit_code = 130


class LostError(GumpError):
    """An agent or a gate has removed what the run stands on: it has failed, and cannot go on."""

    exit_code = 1


class HostError(GumpError):
    """GitHub refused a call, or did not answer; `status` is that of HTTP, 0 without an answer."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status
