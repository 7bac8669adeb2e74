"""By hand: `python -m models SCRIPT.json LOG.jsonl [PORT]` serves until it is ended."""

import json
import sys
import time
from pathlib import Path

from . import ModelServer

script, log, *port = sys.argv[1:]
with ModelServer(json.loads(Path(script).read_text()), log, int(port[0]) if port else 0) as models:
    print(models.url, flush=True)
    while True:
        time.sleep(3600)
