"""Operations as JSON over HTTP on 127.0.0.1: POST {"op": name, ...} answers {"result": ...} or {"error": ...}."""

import base64
import datetime
import decimal
import json
import math
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGEST_EXACT_INTEGER = 2**53 - 1


def plain(value):
    """The value for a JavaScript reader: what a double would falsify becomes text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_EXACT_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return str(value)


def serve(port, operations):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.answer(200, {"result": sorted(operations)})

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                self.answer(200, {"result": operations[request.pop("op")](**request)})
            except Exception as error:
                self.answer(500, {"error": f"{type(error).__name__}: {error}"})

        def answer(self, status, content):
            body = json.dumps(plain(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
