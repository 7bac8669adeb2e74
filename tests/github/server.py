"""A stand-in for GitHub's REST API on loopback, and for its store of artifacts on a second port.

    python -m tests.github.server --ready FILE [--seed FILE]

writes its addresses and its token as JSON into FILE, and runs until it is ended.  Under `/_stub` a
test in another process tells it what to know (`POST /_stub/seed`, see `State.seed`), and sees what
it knows (`GET /_stub/state`).  The API is at the root and, as GHES has it, under `/api/v3`.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from . import objects, real, settings  # noqa: F401  (their routes)
from .description import Description
from .routes import answer, viewer_of
from .state import TOKEN, Fault, State

_VIEWER = "query { viewer { login } }"


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


class GitHub:
    """Both servers and what they know; a context manager."""

    def __init__(self, port: int = 0) -> None:
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._api = self._server(self._serve_api, port)
        self._blobs = self._server(self._serve_blob, 0)
        self.url = f"http://127.0.0.1:{self._api.server_port}"
        self.description = Description(self.url)
        self.renew()

    def renew(self) -> State:
        """Forgets everything."""
        blob_url = f"http://127.0.0.1:{self._blobs.server_port}"
        self.state = State(self.description, self.url, blob_url)
        return self.state

    @staticmethod
    def _server(serve, port):
        return make_server("127.0.0.1", port, serve, threaded=True, request_handler=_Silent)

    def __enter__(self) -> GitHub:
        for server in (self._api, self._blobs):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for server in (self._api, self._blobs):
            server.shutdown()
            server.server_close()

    def _serve_api(self, environ, start):
        request = Request(environ)
        request.get_data()
        prefix = "/api/v3" if request.path.startswith("/api/v3/") else ""
        path = request.path.removeprefix(prefix)
        if path.startswith("/_stub/"):
            return self._control(request, path)(environ, start)
        with self._lock:
            self.state.calls.append(f"{request.method} {request.full_path.rstrip('?')}")
            fault = self._fault(request)
            wanted = fault is None or fault.kind == "after"
            response = self._respond(request, prefix, path) if wanted else None
        if fault:
            response = self._faulty(fault, environ, response)
        return response(environ, start)

    def _fault(self, request) -> Fault | None:
        """The first one that is due."""
        for fault in self.state.faults:
            is_due = not fault.times or fault.seen < fault.times
            is_meant = fault.method in ("", request.method)
            if is_due and is_meant and re.search(fault.path, request.path):
                fault.seen += 1
                return fault
        return None

    def _faulty(self, fault: Fault, environ, response):
        if fault.kind == "hang":
            self._closing.wait(60)
        if fault.kind in ("hang", "drop"):
            return self._broken(environ)
        if fault.kind == "cut":
            return self._cut(environ, response)
        headers = {name: str(value) for name, value in fault.headers.items()}
        body = fault.body or json.dumps({"message": fault.message})
        return Response(body, fault.status, headers, mimetype="application/json")

    def _broken(self, environ):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return Response(b"")

    def _cut(self, environ, response):
        """Half of the body, under the length of the whole."""
        body = response.get_data()

        def half():
            yield body[: len(body) // 2]
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)

        return Response(half(), headers={"Content-Length": str(len(body))})

    def _respond(self, request, prefix, path):
        if path in ("/graphql", "/api/graphql"):
            return self._graphql(request)
        faults = self.description.faults_of_request(request, prefix)
        if faults:
            self._deviates(request, "request", faults)
            return _json(422, {"message": f"Invalid request. {faults}", "documentation_url": ""})
        try:
            if self.state.git:
                real.follow_branches(self.state)
            response = _json(*answer(self.state, request, path))
        except Exception as why:  # A mistake of the stand-in is to be seen, not tried again.
            self._deviates(request, "stand-in", [repr(why)])
            return _json(418, {"message": repr(why)})
        faults = self.description.faults_of_answer(request, prefix, response)
        self._deviates(request, "answer", faults)
        return response

    def _deviates(self, request, side, faults):
        self.state.deviations += [
            f"{side} {request.method} {request.path}: {each}" for each in faults
        ]

    def _graphql(self, request):
        """The one query that is known; GraphQL is not in the description."""
        viewer = viewer_of(self.state, request)
        if viewer is None:
            return _json(401, {"message": "Bad credentials"})
        if request.get_json(silent=True) != {"query": _VIEWER}:
            self._deviates(request, "request", ["not the query that is known"])
        return _json(200, {"data": {"viewer": {"login": viewer}}})

    def _control(self, request, path):
        with self._lock:
            if (request.method, path) == ("POST", "/_stub/seed"):
                self.state.seed(request.get_json())
            return _json(200, self.state.told())

    def _serve_blob(self, environ, start):
        request = Request(environ)
        with self._lock:
            self.state.blob_calls.append(request.path)
            for header in ("Authorization", "Cookie"):
                if header in request.headers:
                    self._deviates(request, "request", [f"{header} was sent to the store"])
            fault = self._fault(request)
            content = self.state.blobs.get(int(request.path.strip("/").partition(".")[0]))
        response = Response(content, mimetype="application/zip") if content else Response("", 404)
        if fault:
            response = self._faulty(fault, environ, response)
        return response(environ, start)


def _json(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    text = b"" if body is None else json.dumps(body).encode()
    return Response(text, status, headers, mimetype="application/json")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready", type=Path, required=True)
    parser.add_argument("--seed", type=Path)
    words = parser.parse_args()
    with GitHub(words.port) as github:
        if words.seed:
            github.state.seed(json.loads(words.seed.read_text()))
        told = {"url": github.url, "blob_url": github.state.blob_url, "token": TOKEN}
        half = words.ready.with_suffix(".part")
        half.write_text(json.dumps(told))
        half.rename(words.ready)
        threading.Event().wait()


if __name__ == "__main__":
    main()
