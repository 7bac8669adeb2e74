"""A real git server on loopback, which records the logins that it is given."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WHO = ("-c", "user.name=u", "-c", "user.email=u@localhost", "-c", "init.defaultBranch=main")


class Server(ThreadingHTTPServer):
    """`root` served by git's own backend; requests under /moved/ are sent to `elsewhere`.

    `status`: all that would write is answered so. `cut`: a push is taken, and the answer lost.
    `logins` are those of tokens: the log of a branch has them.
    """

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.root, self.elsewhere = root, ""
        self.status, self.cut = 0, False
        self.headers: list[list[str]] = []
        self.logins: Mapping[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.headers.append(self.headers.get_all("Authorization") or [])
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.server.elsewhere + self.path.removeprefix("/moved"))
            self.end_headers()
            return
        is_push = "git-receive-pack" in self.path
        if self.server.status and is_push:
            self.send_error(self.server.status)
            return
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        variables = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1", "REQUEST_METHOD": self.command, "PATH_INFO": path,
            "QUERY_STRING": query, "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "CONTENT_LENGTH": str(length), "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_1": "http.receivepack", "GIT_CONFIG_VALUE_1": "true",
            "GIT_CONFIG_KEY_0": "uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_0": "true",
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "", "REMOTE_USER": self._login(),
        }  # fmt: skip
        done = subprocess.run(
            ["git", "http-backend"], env=variables, input=self.rfile.read(length),
            capture_output=True, check=True,
        )  # fmt: skip
        if self.server.cut and is_push and self.command == "POST":
            self.close_connection = True
            return
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().split("\r\n"):
            self.send_header(*line.split(": ", 1))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def _login(self) -> str:
        told = (self.headers.get("Authorization") or "").partition(" ")[2]
        token = base64.b64decode(told).decode().partition(":")[2]
        return self.server.logins.get(token, "nobody")

    def log_message(self, *_: object) -> None:
        """Silent."""


def git(where: Path, *words: str) -> str:
    argv = ["git", "-C", str(where), *WHO, *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
