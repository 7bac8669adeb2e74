"""The runner's storage on loopback, for the real clients of npm: @actions/cache, @actions/artifact.

Their blobs go to an Azure account, so the part of that protocol which they use is here too.
"""

import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from .records import Artifact, Caller, Kept, Refusal, make_token, read_token
from .services import ArtifactService, CacheService

TWIRP = re.compile(r"/twirp/github\.actions\.results\.api\.v1\.(\w+)/([A-Z]\w+)")
AZURE = {
    "ETag": '"0x8D"',
    "x-ms-request-id": "00000000-0000-0000-0000-000000000000",
    "x-ms-version": "2024-11-04",
    "x-ms-request-server-encrypted": "true",
}


@dataclass
class Fault:
    """What is wrong with requests whose "METHOD /path" matches. `times` counts down."""

    match: str
    status: int = 500
    times: int = 1_000_000
    delay: float = 0.0
    is_cut: bool = False


DOWN = Fault(".")
NO_SAVING = Fault(r"/CreateCacheEntry|/CreateArtifact", status=403)
CUT = Fault(".", is_cut=True)


SILENT = Fault(".", status=0, delay=3600)
"""The connection is taken, and nothing is ever answered."""


def slow(seconds: float) -> Fault:
    """Late, and good."""
    return Fault(".", status=0, delay=seconds)


class Storage:
    """`faults` may be set at any time; `asked` lists what was answered, as (request, status).

    `came` lists all requests with their times, in seconds.
    """

    def __init__(self, root: Path) -> None:
        self.kept = Kept(root)
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, int]] = []
        self.came: list[tuple[str, float]] = []
        self.blocks: dict[Path, dict[str, bytes]] = {}
        self.lock = threading.RLock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Door,), {"at": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.services = {
            "ArtifactService": ArtifactService(self.kept, self.sign),
            "CacheService": CacheService(self.kept, self.sign),
        }
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def variables(self, caller: Caller, *, url: str = "") -> dict[str, str]:
        """What the runner gives to node actions, and to nothing else."""
        return {
            "ACTIONS_RESULTS_URL": (url or self.url) + "/",
            "ACTIONS_RUNTIME_TOKEN": make_token(caller),
            "ACTIONS_CACHE_SERVICE_V2": "true",
        }

    def artifacts(self, run_id: int) -> list[Artifact]:
        """What GitHub's REST API lists for a host run: of all attempts that are still in sight."""
        of_run = [a for a in self.kept.artifacts if a.caller.run_id == run_id]
        return [a for a in of_run if a.is_done and not a.is_hidden]

    def rerun_all(self, run_id: int) -> None:
        """After "re-run all jobs" the earlier attempts' artifacts cannot be seen. Caches can."""
        for artifact in self.artifacts(run_id):
            artifact.is_hidden = True

    def forget_after(self, artifacts: int, caches: int) -> None:
        """As it was when it had so many records, and nothing was wrong."""
        del self.kept.artifacts[artifacts:], self.kept.caches[caches:]
        self.faults.clear()
        for artifact in self.kept.artifacts:
            artifact.is_hidden = False

    def cache_keys(self) -> list[str]:
        return [entry.key for entry in self.kept.caches if entry.is_done]

    def sign(self, path: Path) -> str:
        """The address of a blob, for REST's redirect too. Any other address is refused."""
        name = path.relative_to(self.kept.root).as_posix()
        return f"{self.url}/account/{name}?sig={signature(name)}&se=2099-01-01"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def storage_at(root: Path) -> Iterator[Storage]:
    storage = Storage(root)
    try:
        yield storage
    finally:
        storage.stop()


def refusing_url() -> str:
    """An address where nobody listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{door.getsockname()[1]}"


def signature(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    at: Storage

    def do_GET(self) -> None:
        body = self.read_body()
        address = urlsplit(self.path)
        self.request_line = f"{self.command} {address.path}"
        self.at.came.append((self.request_line, time.monotonic()))
        if self.is_faulty():
            return
        if call := TWIRP.fullmatch(address.path):
            self.answer_call(*call.groups(), body)
        elif address.path.startswith("/account/"):
            self.answer_blob(address.path.removeprefix("/account/"), body)
        else:
            self.send(404)

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET

    def is_faulty(self) -> bool:
        """Plays the first fault that fits. Whether the request is answered by it."""
        fits = [f for f in self.at.faults if f.times > 0 and re.search(f.match, self.request_line)]
        if not fits:
            return False
        fits[0].times -= 1
        time.sleep(fits[0].delay)
        if fits[0].is_cut:
            self.at.asked.append((self.request_line, 0))
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fits[0].status:
            self.send_json(fits[0].status, {"code": "internal", "msg": "injected"})
        return bool(fits[0].is_cut or fits[0].status)

    def answer_call(self, service: str, method: str, body: bytes) -> None:
        caller = read_token(self.headers.get("Authorization", ""))
        call = getattr(self.at.services.get(service), method, None)
        try:
            if caller is None:
                raise Refusal(401, "unauthenticated", "this is no token of a runner")
            if call is None:
                raise Refusal(404, "bad_route", f"{service}/{method}")
            with self.at.lock:
                answer = call(json.loads(body or b"{}"), caller)
        except Refusal as refusal:
            answer = {"code": refusal.code, "msg": refusal.message}
            return self.send_json(refusal.status, answer)
        self.send_json(200, answer)

    def answer_blob(self, name: str, body: bytes) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        path = self.at.kept.root / name
        if query.get("sig") != signature(name):
            self.send(403)
        elif self.command == "PUT":
            self.put_blob(path, query, body)
        elif path.exists():
            self.send_blob(path.read_bytes())
        else:
            self.send(404, AZURE)

    def put_blob(self, path: Path, query: dict[str, str], body: bytes) -> None:
        """In one piece, or as blocks and the list of their order."""
        match query.get("comp"):
            case "block":
                self.at.blocks.setdefault(path, {})[query["blockid"]] = body
            case "blocklist":
                blocks = self.at.blocks.pop(path, {})
                order = [name.text or "" for name in ElementTree.fromstring(body)]
                path.write_bytes(b"".join(blocks[name] for name in order))
            case _:
                path.write_bytes(body)
        self.send(201, AZURE | {"Last-Modified": formatdate(usegmt=True)})

    def send_blob(self, content: bytes) -> None:
        headers = AZURE | {"x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes"}
        asked = self.headers.get("x-ms-range") or self.headers.get("Range") or ""
        if found := re.match(r"bytes=(\d+)-(\d*)", asked):
            first, last = int(found[1]), min(int(found[2] or len(content)), len(content) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            self.send(206, headers, content[first : last + 1])
        else:
            self.send(200, headers, content)

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def send_json(self, status: int, answer: dict) -> None:
        self.send(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def send(
        self, status: int, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> None:
        self.at.asked.append((self.request_line, status))
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what came is in `asked`."""
