"""One server for the four services; the path of a request says which one is meant."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from . import anthropic, chat, gemini, responses
from .story import choose

APIS = {api.NAME: api for api in (anthropic, chat, gemini, responses)}


class ModelServer:
    """Runs in a thread of the test; `url` is what a program is given, `requests` what it sent."""

    def __init__(self, script, log, port=0):
        self.script, self.log = script, Path(log)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.touch()
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", port), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    def requests(self):
        """What reached the model, oldest first: without titles, token counts and probes."""
        rows = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [row for row in rows if row["main"]]

    def keep(self, row):
        with self._lock, self.log.open("a") as out:
            out.write(json.dumps({"time": round(time.time(), 3), **row}) + "\n")


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Killed programs leave broken connections; those are no faults of the server."""
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError)):
            super().handle_error(request, client_address)


def _handler(models):
    return type("Bound", (Handler,), {"models": models})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    models: ModelServer

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._keep(None, None, main=False)
        self.send_json(404, {"error": {"message": "nothing here"}})

    do_HEAD = do_GET

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        api = next((a for a in APIS.values() if a.serves(self.path)), None)
        body = json.loads(raw) if api and raw else None
        if body is None:
            return self.do_GET()
        try:
            self._answer(api, body, raw.decode())
        except (BrokenPipeError, ConnectionResetError):
            self._keep(api, None, main=False, turn="the program went away")

    def _answer(self, api, body, raw):
        main = api.is_main(self.path, body)
        turn = choose(self.models.script, api.talk(body)) if main else {"say": '{"title": "t"}'}
        if "bad" in (api.key(self.headers) or "bad"):
            turn = {"fail": "key"}
        self._keep(api, body, main=main, turn=turn)
        time.sleep(turn.get("wait", 0))
        if "fail" in turn:
            return self.send_json(*api.failure(turn["fail"]))
        api.reply(self, body, raw, turn)

    def _keep(self, api, body, main, turn=None):
        name = api.NAME if api else None
        key = api.key(self.headers) if api else None
        row = {"api": name, "main": main, "method": self.command, "path": self.path}
        self.models.keep({**row, "key": key, "turn": turn, "body": body})

    def send_json(self, status, payload):
        data = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def stream(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, payload, name=None):
        head = f"event: {name}\n" if name else ""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self.wfile.write(f"{head}data: {text}\n\n".encode())
        self.wfile.flush()
