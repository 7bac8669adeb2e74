"""An engine that is gone at one of its writes."""


class Killed(BaseException):
    """The machine went away, and what it had begun is as it was."""


def kill_at(count):
    """A hook of the store that lets so many moments pass."""
    left = [count]

    def hook(moment, name):
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    return hook
