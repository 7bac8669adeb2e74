"""Secrets in their usual forms, and what terminals, readers and the runner could be fooled by."""

import base64
import json
import random
import string
import time
from urllib.parse import quote, quote_plus

import pytest

from gump_action.redaction import Redactor, is_secret_name, secrets_of

KEY = "sk-test/Zq3+x9_nRt7é=Vb&2"
PEM = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"
LETTERS = string.ascii_letters + string.digits
ALPHABETS = {
    "letters": LETTERS,
    "punctuation": LETTERS + string.punctuation,
    "only punctuation": string.punctuation.translate(str.maketrans("", "", "\"'\\")),
    "blanks": LETTERS + "  \n",
    "foreign": LETTERS + "äß€語😀",
}


def escaped(text):
    return json.dumps(text)[1:-1]


def wrapped(text, width=7, joint="\n"):
    return joint.join(text[at : at + width] for at in range(0, len(text), width))


def base64_of(text, before=b"", after=b"", code=base64.b64encode):
    return code(before + text.encode() + after).decode()


FORMS = {
    "plain": lambda s: s,
    "json": escaped,
    "json twice": lambda s: escaped(escaped(s)),
    "json without ascii escapes": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "json with upper-case escapes": lambda s: "".join(
        rf"\u{ord(c):04X}" if "\x7f" < c < "\uffff" else escaped(c) for c in s
    ),
    "json with escaped slashes": lambda s: escaped(s).replace("/", r"\/"),
    "quote": quote,
    "quote all": lambda s: quote(s, safe=""),
    "quote_plus": quote_plus,
    "quote in lower case": lambda s: "".join(
        c if c in LETTERS else quote(c, "").lower() for c in s
    ),
    "quote twice": lambda s: quote(quote(s, safe=""), safe=""),
    "base64": base64_of,
    "base64 without padding": lambda s: base64_of(s).rstrip("="),
    "base64 urlsafe": lambda s: base64_of(s, code=base64.urlsafe_b64encode),
    "base64 inside, 1": lambda s: base64_of(s, b"x", b"tail"),
    "base64 inside, 2": lambda s: base64_of(s, b"user:", b"tail"),
    "base64 inside, 3": lambda s: base64_of(s, b"abc", b"tail"),
    "base64 in a url": lambda s: quote(base64_of(s, b"user:"), safe=""),
    "base64 over lines": lambda s: wrapped(base64_of(s)),
    "base64 over escaped lines": lambda s: wrapped(base64_of(s, b"u:"), joint=r"\n"),
    "hex": lambda s: s.encode().hex(),
    "upper hex": lambda s: s.encode().hex().upper(),
    "hex over lines": lambda s: wrapped(s.encode().hex(), 8),
    "over lines": wrapped,
    "over indented lines": lambda s: wrapped(s, 3, "\r\n    "),
    "over escaped lines": lambda s: wrapped(s, 5, r"\r\n"),
    "over twice escaped lines": lambda s: wrapped(s, 5, r"\\n"),
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def left(shown):
    """How much is left beside the mask."""
    return len(shown.replace("***", ""))


@each_form
def test_no_form_of_a_key_is_left(form):
    shown = Redactor([KEY]).mask(f'before "{form(KEY)}" after')
    assert "***" in shown
    assert left(shown) <= len(f'before "{form("")}" after') + 2
    assert shown.startswith('before "')
    assert shown.endswith('" after')


@each_form
def test_each_form_is_found_before_something_is_packed(form):
    assert Redactor([KEY]).holds_secret(b"\xff\x00 " + form(KEY).encode() + b" \xfe")


@pytest.mark.parametrize("others", [0, 40], ids=["few", "many"])
@pytest.mark.parametrize("size", range(8, 48))
def test_a_secret_of_any_length_is_found_wherever_it_begins(size, others):
    chance = random.Random(size)
    secret = "".join(chance.choices(LETTERS, k=size))
    more = ["".join(chance.choices(LETTERS, k=9)) for _ in range(others)]
    redactor = Redactor([secret, *more])
    written = (secret, secret.encode().hex(), base64_of(secret))
    missed = [
        (at, text)
        for text in written
        for at in range(32)
        if not redactor.holds_secret((at * "." + text + 40 * ".").encode())
    ]
    assert not missed


@each_form
@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
def test_no_form_of_a_random_secret_is_left(form, alphabet):
    dice = random.Random(4)
    for _ in range(15):
        secret = "".join(dice.choices(alphabet, k=dice.randrange(8, 60)))
        secret = f"@{secret}%"
        shown = Redactor([secret]).mask(f"<<{form(secret)}>>")
        assert "***" in shown, secret
        assert left(shown) <= len(f"<<{form('')}>>") + 6, secret


@each_form
def test_masked_json_is_still_json(form):
    dice = random.Random(5)
    for _ in range(30):
        secret = "".join(dice.choices(ALPHABETS["punctuation"] + "ntru\\\\", k=14))
        inner = "".join(dice.choices('\n\t\\"é/', k=4))
        line = json.dumps({"text": inner + form(secret) + inner, form(secret): [1, True]})
        assert json.loads(Redactor([secret]).mask(line))


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("nabcdefgh1", "line\nabcdefgh1"),
        ("00e9abcdefgh", "éabcdefgh"),
        ("u00e9abcdefgh", "éabcdefgh"),
        ("e9abcdefgh", "éabcdefgh"),
        ('"hunter22hunter"', "hunter22hunter"),
        ("\\hunter22hunter\\", "hunter22hunter\\"),
    ],
)
def test_a_mask_leaves_no_half_of_a_json_escape(secret, text):
    assert "***" in json.loads(Redactor([secret]).mask(json.dumps(text)))


def test_an_escaped_backslash_before_a_secret_stays():
    assert Redactor(["hunter22hunter"]).mask(r"C:\\hunter22hunter") == r"C:\\***"


def test_a_secret_that_is_json_lies_masked_in_json():
    account = json.dumps({"type": "service_account", "id": 12, "key": "Zq3x9nRt7"})
    shown = Redactor([account]).mask(f'{{"id": 7, "creds": {account}}}')
    assert shown == '{"id": 7, "creds": {"***": "***", "***": 12, "***": "***"}}'
    assert Redactor([account]).mask(f"creds={account};") == "creds=***;"


def test_text_beside_a_secret_with_quotes_stays():
    line = json.dumps({"text": 'before abc"defg"hij after'})
    assert Redactor(['abc"defg"hij']).mask(line) == '{"text": "before *** after"}'


def test_quotes_in_a_line_that_is_no_json_are_masked_whole():
    assert Redactor(['abc"defg"hij']).mask('{"x": abc"defg"hij') == '{"x": ***'


def test_overlapping_secrets_leave_nothing_between_them():
    assert Redactor(["abcdefgh1234", "1234efghijkl"]).mask("<abcdefgh1234efghijkl>") == "<***>"


def test_the_longer_of_two_secrets_is_masked_whole():
    assert Redactor(["abcdefgh", "abcdefgh-and-more"]).mask("<abcdefgh-and-more>") == "<***>"


@pytest.mark.parametrize("lines", [1, 3], ids=["as a block", "a line alone"])
def test_a_line_of_a_key_file_is_masked_where_it_stands_alone(lines):
    body = ["MIIEvQ" + letter * 58 for letter in "abc"]
    redactor = Redactor([PEM.format("\n".join(body))])
    assert "MIIE" not in redactor.mask(f"found {' '.join(body[:lines])} here")


def test_the_head_of_a_key_file_is_no_secret():
    redactor = Redactor([PEM.format("MIIEvQ" + "x" * 58)])
    assert redactor.mask("it begins with -----BEGIN PRIVATE KEY-----.").endswith("KEY-----.")


@pytest.mark.parametrize("value", ["", "test", "1234567", '"abc"', '""""""""', " " * 9])
def test_short_values_are_no_secrets(value):
    redactor = Redactor([value])
    assert redactor.mask(f'x = {value} """""""""') == f'x = {value} """""""""'
    assert not redactor.holds_secret(value.encode())


def test_a_redactor_without_secrets_lets_text_be():
    assert Redactor([]).clean("a\tb\nc ✓ é") == "a\tb\nc ✓ é"


def test_a_redactor_shows_no_secret_of_its_own():
    assert KEY not in repr(Redactor([KEY])._forms)


# --- tokens by their looks ---------------------------------------------------------------------

RUN = "Zq3x9nRt7Vb2kLm8Qw4Ty6Ui1Op5As0Df3Gh"
TOKENS = [
    f"ghp_{RUN}",
    f"gho_{RUN}",
    f"ghs_{RUN}",
    f"ghu_{RUN}",
    f"ghr_{RUN}",
    f"github_pat_{RUN}_{RUN}",
    f"sk-ant-api03-{RUN}-{RUN}_AA",
    f"sk-proj-{RUN}_{RUN}",
    f"sk-or-v1-{RUN}",
    f"sk-{RUN}",
    "AKIAQ3EXAMPLEKEY2222",
    f"xoxb-123456789012-{RUN}",
    "AIza" + RUN[:35],
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{RUN}",
    PEM.format(wrapped(RUN * 4, 64)).strip(),
    PEM.format(f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\n{RUN}{RUN}").strip(),
]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:14])
@pytest.mark.parametrize("around", ['"{}"', "a={}\n", r"x\n{}\nx", "https://u:{}@host", "{}"])
def test_a_token_is_known_by_its_looks(token, around):
    assert Redactor([]).mask(around.format(token)) == around.format("***")
    assert Redactor([]).mask(around.format(escaped(token))) == around.format("***")


def test_a_private_key_in_a_diff_is_masked():
    patch = "".join(f"+{line}\n" for line in PEM.format(wrapped(RUN * 4, 64)).splitlines())
    assert Redactor([]).mask(patch).strip() == "+***"


@pytest.mark.parametrize(
    "text",
    [
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "session 0199a213-81c0-7800-8aa1-bbab2a035a53",
        "task-abcdefghijklmnopqrstuvwxyz0123456789abcd",
        "disk-sk-learn-0123456789012345678901234567890123",
        "sk-learn-is-a-library-with-many-estimators",
        "ghp_short",
        "xoxo-hugs-and-kisses-to-all-of-you",
        "AKIA",
        "eyJhbGciOiJIUzI1NiJ9 is the head of many a JWT",
        "the header -----BEGIN RSA PRIVATE KEY----- alone",
        "toolu_01A09q90qw90lq917835lq9 req_011CSHoEeqs5C35K2UUqR7Fy",
    ],
)
def test_what_is_not_surely_a_token_stays(text):
    assert Redactor([]).mask(text) == text


def test_a_token_by_its_looks_alone_does_not_stop_the_packing():
    assert not Redactor([KEY]).holds_secret(TOKENS[0].encode())


# --- what could fool -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b1;31mred\x9bm", "red"),
        ("\x1b[?25l\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;never ended", "52;c;never ended"),
        ("\x1bPdevice\x1b\\text\x90more\x9c", "text"),
        ("\x1bcreset\x1b(Bfont\x1b", "resetfont"),
        ("\x1b\x1b[[31mx", "31mx"),
        ("a\x00b\x07c\x08d\x0be\x0cf\x7fg\x85h", "abcdefgh"),
        ("one\r\ntwo\rthree\n\tfour", "one\ntwo\nthree\n\tfour"),
        ("line\u2028sep\u2029par", "line\nsep\npar"),
        ("\u202ecod\u202c \u2066x\u2069 \u061c\u200e\u200f", "cod x "),
        ("z\u200be\u200cr\u200do\u2060\ufeff", "zero"),
        ("tag" + "".join(chr(0xE0000 + ord(c)) for c in "evil"), "tag"),
        ("byte\ufe01\U000e0101s", "bytes"),
        ("half \ud83d half", "half \ufffd half"),
        ("warning \u26a0\ufe0f 語 é", "warning \u26a0\ufe0f 語 é"),
    ],
)
def test_only_what_can_be_seen_is_shown(text, shown):
    assert Redactor([]).clean(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "·::error::x"),
        ("  \t::set-output name=a::b", "  \t·::set-output name=a::b"),
        ("\u00a0\u3000::add-mask::x", "\u00a0\u3000·::add-mask::x"),
        ("ok\r::stop-commands::x", "ok\n·::stop-commands::x"),
        ("\x1b[0m::error::x", "·::error::x"),
        ("\u200b:\u200b:error::x", "·::error::x"),
        ("##[error]x", "##·[error]x"),
        ("any ##[add-mask]where", "any ##·[add-mask]where"),
        ("#\u200b#\x1b[0m[group]", "##·[group]"),
        ("std::vector, a :: b, :: c", "std::vector, a :: b, :: c"),
        ("## [title]", "## [title]"),
    ],
)
def test_nothing_shown_is_a_workflow_command(text, shown):
    assert Redactor([]).clean(text) == shown


@pytest.mark.parametrize("between", ["\x1b[0m", "\u200b", "\x00", "\U000e0041", "\x1b]0;t\x07"])
def test_a_secret_is_found_behind_what_cannot_be_seen(between):
    assert Redactor(["Zq3x9nRt7Vb2"]).clean(f"<Zq3x9{between}nRt7Vb2>") == "<***>"


def test_a_secret_with_a_control_in_it_is_masked():
    assert Redactor(["Zq3x9\x1b[nRt7Vb2"]).clean("<Zq3x9\x1b[nRt7Vb2>") == "<***>"


def test_cleaned_text_is_clean():
    dice = random.Random(6)
    parts = ["\x1b", "[", "]", "3", "m", "\x07", "\\", "::", "a", "##", "\r", "\n", " ", "\u200b"]
    for _ in range(3000):
        text = "".join(dice.choices(parts, k=12))
        once = Redactor([]).clean(text)
        assert Redactor([]).clean(once) == once
        assert not set(once) & {"\x1b", "\x07", "\r", "\u200b"}


# --- speed ---------------------------------------------------------------------------------------

SIZE = 200_000
HOSTILE = {
    "backslashes": "\\" * SIZE,
    "backslashes and n": "Z\\n" * SIZE,
    "blanks": "Z" + " " * SIZE + "q",
    "first characters": "Zq3 " * SIZE,
    "openings": "\x1b]" * SIZE + "\x9d" * SIZE + "\x1b[" + "1" * SIZE,
    "heads of tokens": "eyJ" * SIZE + "eyJ." * SIZE + "sk-" * SIZE + "xoxb-" * SIZE,
    "heads of keys": "-----BEGIN PRIVATE KEY-----\n" * (SIZE // 10),
    "percent": "%25" * SIZE,
    "quotes": '{"' + '\\"' * SIZE,
    "breaks": "a" + ("\\\\\\n" * 40 + ".") * 12 + "y",
    "line starts": "\n \n" * SIZE,
    "blank lines": "::x" + " " * SIZE + "\n" + "\t" * SIZE,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(text):
    redactor = Redactor(
        ["Zq3x9nRt7Vb2kLm8", "%%\\\\%%\\\\@@@@", "a" + "\\." * 12 + "z", "Zq3 Zq3\nZq3\\nZq3 q"]
    )
    start = time.process_time()
    redactor.clean(text + "Zq3x9nRt7Vb2kLm8")
    assert time.process_time() - start < 3


# --- which values are secret ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY",
        "OPENAI_APIKEY",
        "KEY",
        "gump_state_key",
        "INPUT_STATE-KEY",
        "apiKey",
        "GITHUB_TOKEN",
        "NPM_TOKENS",
        "AuthToken",
        "CLIENT_SECRET",
        "clientSecrets",
        "PGPASSWORD",
        "DB_PASSWORD_1",
        "AWS_ACCESS_KEY_ID",
        "AZURE_CREDENTIALS",
        "CREDENTIAL",
        "SSH_KEY_PASSPHRASE",
    ],
)
def test_a_name_says_that_its_value_is_secret(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "NODE_ENV",
        "PORT",
        "KEYBOARD",
        "MONKEY",
        "TURKEY_SIZE",
        "PUBLIC_KEY",
        "publicKey",
        "SSH_PUB_KEY",
        "TOKENIZERS_PARALLELISM",
        "SECRETARY",
        "KEYCLOAK_HOST",
        "",
    ],
)
def test_a_name_does_not_say_that_its_value_is_secret(name):
    assert not is_secret_name(name)


def test_secrets_are_what_names_and_urls_say(tmp_path):
    file = tmp_path / "credentials.json"
    file.touch()
    environ = {
        "MY_TOKEN": "tok-12345678",
        "SHORT_TOKEN": "1234567",
        "NODE_ENV": "production-like",
        "ANTHROPIC_AUTH": "auth-12345678",
        "GOOGLE_APPLICATION_CREDENTIALS": str(file),
        "OTHER_CREDENTIALS": "/no/such/file",
        "BROKEN_KEY": "/" + "x" * 5000,
        "DATABASE_URL": "postgres://bob:p%40ss-w0rd@db.example/x?y=1@z",
        "TWO_URLS": "a://u:first-pass@h,b://:second@pass@h http://host:8080/@x a://u:short@h",
        "NUL_KEY": "/nul\0nul-nul",
    }
    assert secrets_of(environ, ["ANTHROPIC_AUTH", "NOT_SET"]) == {
        "tok-12345678",
        "auth-12345678",
        "/no/such/file",
        "/" + "x" * 5000,
        "p%40ss-w0rd",
        "p@ss-w0rd",
        "first-pass",
        "second@pass",
        "/nul\0nul-nul",
    }


def test_values_that_the_workflow_sets_are_judged_by_name():
    named = [("DEPLOY_TOKEN", "of-the-workflow"), ("NODE_ENV", "test-of-the-workflow"), ("A", None)]
    assert secrets_of({}, [], named) == {"of-the-workflow"}
