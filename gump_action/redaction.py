"""Takes secrets, and what terminals, the runner and readers could be fooled by, out of text.

Which values are secret is decided here too (`secrets_of`), from names and URLs only.  Where text
comes from and goes to is left to others; nothing here prints, and only `secrets_of` looks at the
disk.  A secret is found within one call: what is split over two calls is not seen.

How it is fast: text is first squeezed to lower-case bytes without blanks, backslashes and the
letters n, r and t (so that a `\\n` between two characters of a secret is gone), and searched for
an *anchor* of each form, its longest run of letters and digits.  Only where an anchor is there,
the form's exact pattern is made and run.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

MASK = "***"
SHORTEST = 8
Span = tuple[int, int]

# --- the forms of a secret ------------------------------------------------------------------------

# Backslashes are counted to eight: no usual form has more, and an open count is quadratic.
_ESCAPED_BREAK = r"\\{1,8}[nrt]"
_BREAKS = rf"(?:\s|{_ESCAPED_BREAK})*+"
# The secret's own backslashes, as one: of those before an escaped break, the last is the break's.
_SLASHES = (
    rf"(?>(?:\s|{_ESCAPED_BREAK}){{0,40}}"
    r"(?:\\{1,64}(?=\\[nrt])|\\{1,64}(?![\\nrt]|u005[cC])|(?:%(?:25)*5[cC])++|(?:\\{1,8}u005[cC])++))"
)
_QUOTED_BREAK = r"(?:%(?:25)*5[cC]){1,8}[nrt]"
_QUOTED_BLANK = r"%(?:25)*(?:20|09|0[aAdD])"
_BLANK = rf"(?:\s|\\{{1,8}}\s*+[nrt]|{_QUOTED_BREAK}|{_QUOTED_BLANK}|\+)++"
_JOINTS = {" ": _BLANK, "\\": _SLASHES}
_SYMBOLS = re.compile(r"(?P<blank>(?:\s|\\+[nrt])+)|\\+|.", re.DOTALL)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

_DROPPED = b" \t\r\n\v\f\\nrtNRT"
_LOWER = bytes(range(256)).lower()
_BLOCK = 8
_SHORTEST_ANCHOR = 4
_STEPS = (1, 2, 3)
_LONGEST_SYMBOL = 16
"""Bytes of one character as it is usually written: escaped, quoted twice, or with a break."""
# Measured: a look at every block of text costs as much as a search for this many anchors.
_BLOCK_COST = 25


def _long(step: int) -> int:
    """Bytes that hold a whole block of every `step`-th, wherever they begin."""
    return (step + 1) * _BLOCK - 1


_LONGEST_ANCHOR = _long(max(_STEPS))


def _squeezed(raw: bytes) -> bytes:
    return raw.translate(_LOWER, _DROPPED)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _any_case(digits: str) -> str:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits)


def _percent(char: str) -> str:
    return "".join(f"%(?:25)*{_any_case(f'{byte:02x}')}" for byte in _bytes(char))


def _unicode_escape(char: str) -> str:
    raw = char.encode("utf-16-be", "surrogatepass").hex()
    units = (raw[at : at + 4] for at in range(0, len(raw), 4))
    return "".join(rf"\\{{1,8}}u{_any_case(unit)}" for unit in units)


def _text_symbol(char: str) -> str:
    """One character as itself, escaped for JSON once or twice, or URL-encoded."""
    slashes = r"\\{0,8}" if char.isascii() else ""
    return rf"(?:{slashes}{re.escape(char)}|{_percent(char)}|{_unicode_escape(char)})"


_BASE64_SYMBOLS = {
    **dict.fromkeys("+-", r"(?:[+-]|%(?:25)*2[bBdD])"),
    **dict.fromkeys("/_", r"(?:\\{0,8}/|_|%(?:25)*(?:2[fF]|5[fF]))"),
}
_BASE64_END = r"(?:[A-Za-z0-9+/_-]?(?:=|%(?:25)*3[dD]){0,2})"


@dataclass(frozen=True)
class _Form:
    """One way to write a secret down.  `torn`: its last base64 character is shared with others."""

    text: str = field(repr=False)
    kind: Literal["text", "base64", "hex"]
    torn: bool = False

    @cached_property
    def anchor(self) -> bytes:
        """What squeezed text must hold to hold this form; its end, for starts are often alike."""
        joints = re.sub(r"\\+[nrt]", " ", self.text)
        runs = [_squeezed(run.encode()) for run in re.split("[^A-Za-z0-9]+", joints)]
        return max(runs, key=len)[-_LONGEST_ANCHOR:]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Line breaks may stand between any two characters.  No count in it is ambiguous."""
        joined, before = "", ""
        for match in _SYMBOLS.finditer(self.text):
            char = " " if match["blank"] else match[0][0]
            joined += _between(before, char) + self._symbol(char)
            before = char
        return re.compile(joined + (_BASE64_END if self.torn else ""))

    def _symbol(self, char: str) -> str:
        if char in _JOINTS:
            return _JOINTS[char]
        if self.kind == "hex":
            return _any_case(char)
        if char in _PLAIN:
            return char
        return _BASE64_SYMBOLS[char] if self.kind == "base64" else _text_symbol(char)


def _between(before: str, after: str) -> str:
    return "" if not before or " " in (before, after) or after == "\\" else _BREAKS


def _base64_form(raw: bytes, before: int) -> _Form:
    """The part of a longer base64 text that stands for `raw` alone, `before` bytes being others."""
    whole, rest = divmod((before + len(raw)) * 8, 6)
    text = base64.b64encode(bytes(before) + raw).decode()
    return _Form(text[-(-before * 8 // 6) : whole], "base64", torn=rest > 0)


def _forms_of(secret: str) -> Iterator[_Form]:
    raw = _bytes(secret)
    yield _Form(secret, "text")
    yield _Form(raw.hex(), "hex")
    yield from (_base64_form(raw, before) for before in range(3))


def _core(secret: str) -> str:
    """Without blanks and quotes round it: in JSON text, those would be the JSON's own."""
    return secret.strip(" \t\r\n\v\f\"'\\")


def _key_lines(secret: str) -> Iterator[str]:
    """The lines of a PEM block and the like: each is to be masked where it stands alone."""
    words = re.split(r"(?:\s|\\+[nrt]|[\"'])+", secret)
    return (word for word in words if re.fullmatch(r"[A-Za-z0-9+/=_-]{32,}", word))


# --- tokens that are known by their looks ---------------------------------------------------------

_EDGE = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))"
_PEM_BODY = rf"(?:\s|{_ESCAPED_BREAK}|[A-Za-z0-9+/=:,]|-(?!-))"
_LOOKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    *((f"gh{c}_", re.compile(rf"gh{c}_[A-Za-z0-9_]{{36,255}}")) for c in "pousr"),
    ("github_pat_", re.compile(r"github_pat_[A-Za-z0-9_]{22,255}")),
    ("sk-", re.compile(_EDGE + r"sk-(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{20,500}")),
    ("sk-", re.compile(_EDGE + r"sk-[A-Za-z0-9]{32,100}(?![A-Za-z0-9])")),
    ("AKIA", re.compile(_EDGE + r"AKIA[A-Z2-7]{16}(?![A-Za-z0-9])")),
    ("xox", re.compile(_EDGE + r"xox[a-z]-(?=[A-Za-z-]*[0-9])[A-Za-z0-9-]{16,300}")),
    ("AIza", re.compile(_EDGE + r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),
    (
        "eyJ",
        re.compile(
            _EDGE + r"eyJ[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{10,2000}"
        ),
    ),
    (
        "-----BEGIN",
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
            rf"(?={_PEM_BODY}{{0,400}}?[A-Za-z0-9+/]{{32}}){_PEM_BODY}*+"
            r"(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
    ),
)


# --- what readers, terminals and the runner could be fooled by ------------------------------------

_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x08\x0a-\x1f\x7f-\x9f]*+(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*+[0-~]"
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LONE = re.compile("[\ud800-\udfff]")
_FOOLING = re.compile(f"{_UNSEEN.pattern[:-1]}\u2028\u2029\ud800-\udfff]")
_COMMAND = re.compile(r"^([^\S\n]*)(?=::\w)", re.MULTILINE)


def visible(text: str) -> str:
    """Only what can be seen, line feeds and tabs."""
    if not _FOOLING.search(text):
        return text
    text = re.sub("\r\n?|[\u2028\u2029]", "\n", _TERMINAL.sub("", text))
    return _LONE.sub("\ufffd", _UNSEEN.sub("", text))


def _without_commands(text: str) -> str:
    # The runner takes `##[` for a command anywhere in a line, `::` only at its start:
    # actions/runner, src/Runner.Common/ActionCommand.cs.
    if "::" in text:
        text = _COMMAND.sub(r"\1·", text)
    return text.replace("##[", "##·[")


# --- the redactor ---------------------------------------------------------------------------------

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_BARE_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*+"')
_OPEN_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")


class Redactor:
    """Knows the secrets of a job in all their usual forms.

    Values of under eight characters are not taken for secrets.  Safe to be used by many threads.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        known = [value for value in set(secrets) if len(value) >= SHORTEST]
        cores = {core for value in known if len(core := _core(value)) >= SHORTEST - 2}
        lines = {line for core in cores for line in _key_lines(core)} - cores
        forms = {form for core in cores for form in _forms_of(core)}
        self._forms = sorted(
            forms | {_Form(line, "text") for line in lines}, key=lambda form: (form.text, form.kind)
        )
        anchors = {form.anchor for form in self._forms}
        self._step = _cheapest_step(anchors)
        self._blocks = frozenset(
            int.from_bytes(anchor[-_long(self._step) :][at : at + _BLOCK], "little")
            for anchor in anchors
            if len(anchor) >= _long(self._step)
            for at in range(self._step * _BLOCK)
        )
        self._short = sorted(a for a in anchors if _SHORTEST_ANCHOR <= len(a) < _long(self._step))
        self._unanchored = any(len(a) < _SHORTEST_ANCHOR for a in anchors)
        self.reach = max(4096, _LONGEST_SYMBOL * max((len(f.text) for f in self._forms), default=0))
        """Bytes that the longest of its secrets takes at most, in the usual forms of it."""

    def clean(self, text: str) -> str:
        """What people and later agents are shown.

        Secrets are masked; terminal controls, bidirectional, zero-width and tag characters are
        gone, a lone carriage return is a line feed.  A middle dot (`·`) is put before a `::word`
        that begins a line, and into each `##[`, so that neither is a command to the runner.
        """
        masked = self.mask(text)
        seen = visible(masked)
        return _without_commands(masked if seen == masked else self.mask(seen))

    def mask(self, text: str) -> str:
        """The same text with each secret as `***`.  JSON stays JSON."""
        spans = _merged([*self._found(text), *_tokens(text)])
        if not spans:
            return text
        if any(_BARE_QUOTE.search(text, *span) for span in spans) and _is_json(text):
            return _strings_masked(text, spans)
        kept, at = [], 0
        for start, end in spans:
            kept += [text[at : max(at, _escape_start(text, start))], MASK]
            at = end
        return "".join([*kept, text[at:]])

    def holds_secret(self, data: bytes) -> bool:
        """Whether a known secret is in there.  What only looks like a token does not count."""
        suspects = self._suspects(_squeezed(data))
        if not suspects:
            return False
        text = data.decode("utf-8", "surrogateescape")
        return any(form.pattern.search(text) for form in suspects)

    def _found(self, text: str) -> Iterator[Span]:
        for form in self._suspects(_squeezed(_bytes(text))):
            yield from (match.span() for match in form.pattern.finditer(text))

    def _suspects(self, squeezed: bytes) -> Sequence[_Form]:
        """The forms whose anchor is there."""
        if not (self._unanchored or self._may_hold(squeezed)):
            return ()
        return [form for form in self._forms if _is_anchored(form, squeezed)]

    def _may_hold(self, squeezed: bytes) -> bool:
        """Of a long anchor, one of the 8-byte blocks that are looked at is a part."""
        blocks = memoryview(squeezed)[: len(squeezed) // _BLOCK * _BLOCK].cast("Q")
        is_met = bool(self._blocks) and not self._blocks.isdisjoint(blocks[:: self._step])
        return is_met or any(a in squeezed for a in self._short)


def _cheapest_step(anchors: Iterable[bytes]) -> int:
    """Of how many blocks one is looked at; anchors too short for that are searched one by one."""
    sizes = [len(anchor) for anchor in anchors]

    def cost(step: int) -> float:
        return _BLOCK_COST / step + sum(size < _long(step) for size in sizes)

    return min(_STEPS, key=cost)


def _is_anchored(form: _Form, squeezed: bytes) -> bool:
    return len(form.anchor) < _SHORTEST_ANCHOR or form.anchor in squeezed


def _tokens(text: str) -> Iterator[Span]:
    for start, pattern in _LOOKS:
        if start in text:
            yield from (match.span() for match in pattern.finditer(text))


def _merged(spans: Sequence[Span]) -> Sequence[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _escape_start(text: str, start: int) -> int:
    """Where to begin, so that no half of a JSON escape is left before the mask."""
    floor = max(0, start - 5)
    found = _OPEN_ESCAPE.search(text, floor, start)
    if not found:
        return start
    first = found.start()
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    is_open = (found.start() - first) % 2 == 0
    return found.start() if is_open else start


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _strings_masked(text: str, spans: Sequence[Span]) -> str:
    """For a secret that is itself JSON and lies bare in JSON: its strings, not its brackets."""

    def masked(string: re.Match[str]) -> str:
        is_hit = any(start < string.end() and string.start() < end for start, end in spans)
        return f'"{MASK}"' if is_hit else string[0]

    return _STRING.sub(masked, text)


# --- which values are secret ----------------------------------------------------------------------

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SAYS_SO = re.compile(
    r"(?:.*(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL)"
    r"|(?:API|ACCESS|AUTH|SECRET|PRIVATE|SIGNING|DEPLOY|SSH|GPG|ENCRYPTION)?KEY)S?"
)
_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/?#@:]*:([^\s/?#]+)@")


def secrets_of(
    environ: Mapping[str, str],
    keys: Iterable[str],
    named: Iterable[tuple[str, str | None]] = (),
) -> frozenset[str]:
    """The values that must not be shown: of `keys`, of names that say so, and passwords in URLs.

    `named` are the variables of a workflow; those with a value of their own are judged like the
    others, by name.
    """
    own = [(name, value) for name, value in named if value is not None]
    sure = set(keys)
    found = {
        secret
        for name, value in [*environ.items(), *own]
        for secret in _secrets_in(value, whole=name in sure or is_secret_name(name))
    }
    return frozenset(value for value in found if len(value) >= SHORTEST)


def is_secret_name(name: str) -> bool:
    """KEY, TOKEN, SECRET, PASSWORD or CREDENTIAL as a part of the name; a public key is none."""
    parts = [part.upper() for part in _WORDS.findall(name)]
    pairs = zip(["", *parts], parts, strict=False)
    return any(
        _SAYS_SO.fullmatch(part) and before not in ("PUBLIC", "PUB") for before, part in pairs
    )


def _secrets_in(value: str, *, whole: bool) -> Iterator[str]:
    for password in _URL_PASSWORD.findall(value):
        yield from (password, unquote(password))
    # GOOGLE_APPLICATION_CREDENTIALS and the like name a file: the path is no secret.
    if whole and not _is_existing_path(value):
        yield value


def _is_existing_path(value: str) -> bool:
    try:
        return value.startswith("/") and Path(value).exists()
    except (OSError, ValueError):
        return False
