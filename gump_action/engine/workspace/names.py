"""Paths as text that fits into JSON: those that are no UTF-8 are quoted as git quotes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

BACKSLASH, QUOTE = 0x5C, 0x22


def shown(path: str) -> str:
    """The path itself where it is UTF-8, else in quotes with octal escapes."""
    if path.isprintable() and not path.startswith('"'):
        return path
    raw = path.encode("utf-8", "surrogateescape")
    try:
        raw.decode()
    except UnicodeDecodeError:
        return '"' + "".join(escape(byte) for byte in raw) + '"'
    return path if not path.startswith('"') else '"' + "".join(escape(byte) for byte in raw) + '"'


def escape(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F and byte not in (BACKSLASH, QUOTE) else f"\\{byte:03o}"


def path_of(text: str) -> str:
    """The path that `shown` was given."""
    if not text.startswith('"'):
        return text
    raw, rest = bytearray(), text[1:-1]
    while rest:
        if rest[0] == "\\":
            raw.append(int(rest[1:4], 8))
            rest = rest[4:]
        else:
            raw += rest[0].encode()
            rest = rest[1:]
    return raw.decode("utf-8", "surrogateescape")


def all_shown(paths: Collection[str]) -> tuple[str, ...]:
    return tuple(shown(path) for path in paths)


def all_paths(texts: Collection[str]) -> tuple[str, ...]:
    return tuple(path_of(text) for text in texts)


def some(paths: Sequence[str]) -> str:
    """The first of these names, and how many more there are."""
    rest = len(paths) - 10
    return ", ".join(all_shown(paths[:10])) + (f" and {rest} more" if rest > 0 else "")


def covers(left_out: Collection[str], path: str) -> bool:
    """Whether one of these (files, or folders `a/b/`) is this path or holds it."""
    if path in left_out or path.rstrip("/") + "/" in left_out:
        return True
    cut = path.find("/")
    while cut >= 0:
        if path[: cut + 1] in left_out:
            return True
        cut = path.find("/", cut + 1)
    return False
