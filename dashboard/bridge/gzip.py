"""Scripts and styles, gzipped once: plotly alone is 4.8 MB, and a war room's network is a stadium's."""

import gzip
import threading

import flask

_SMALL = 2_000  # bytes; below it a packet is a packet
_KINDS = ("text/javascript", "application/javascript", "text/css", "image/svg+xml", "application/json")


def add_gzip(server: flask.Flask) -> None:
    """Compresses what never changes, keeping each result; everything else goes as it is."""
    kept: dict[tuple[str, str], bytes] = {}
    turn = threading.Lock()

    @server.after_request
    def squeeze(response: flask.Response) -> flask.Response:
        path = flask.request.path
        fixed = path.startswith(("/assets/", "/script/", "/style/", "/_dash-component-suites/"))
        if not fixed or response.status_code != 200 or response.mimetype not in _KINDS:
            return response
        response.headers["Vary"] = "Accept-Encoding"
        if "gzip" not in flask.request.headers.get("Accept-Encoding", "") or flask.request.method != "GET":
            return response
        key = (path, response.headers.get("ETag", "") + response.headers.get("Last-Modified", ""))
        if key not in kept:
            response.direct_passthrough = False
            content = response.get_data()
            if len(content) < _SMALL:
                return response
            with turn:
                kept.setdefault(key, gzip.compress(content, 6))
        else:
            response.close()
        response.direct_passthrough = False
        response.set_data(kept[key])
        response.headers["Content-Encoding"] = "gzip"
        return response
