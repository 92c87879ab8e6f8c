"""The proxy of one machine: Caddy, with its own certificates, for the public paths and no other.

The paths are those of the cluster's proxy (`deploy/public.map`, by `make public-paths`), and so is the rule
that a path has one form: no empty or dot segments, no parameters (;), and of what may be percent-encoded no
slash, backslash, dot, percent or control character. So nobody behind it reads another path in it.
"""

from importlib import resources
from itertools import groupby
from pathlib import Path

from beluga.errors import BelugaError
from beluga.stack.stack import DEFAULT_PORT_BASE, Ports

MARK = "# Made by beluga install"
ADMIN = "admin unix//var/lib/caddy/admin.sock"
_RAW = "{http.request.orig_uri}"  # as it came, not as anybody reads it
_CHARACTER = (
    r"[\w.~!$'()*+,:@=&-]"
    r"|%(2[0-46-9A-Da-d]|[346][0-9A-Fa-f]|5[0-9ABD-Fabd-f]|7[0-9A-Ea-e]|[89A-Fa-f][0-9A-Fa-f])"
)
ONE_FORM = rf"^(/|(/({_CHARACTER})+)+/?)(\?.*)?$"
DOTS = r"^[^?]*/\.{1,2}([/?]|$)"
_PORTS = {"intake": "intake", "callers": "callers", "dashboard": "dashboard", "feed": "feed"}


class NoPublicMapError(BelugaError):
    """The list of public paths did not come with this installation: install from a wheel or a checkout."""

    def __str__(self) -> str:
        return str(self.__doc__)


def public_paths() -> list[tuple[str, str]]:
    """(expression of a path, who answers) of every public path. Raises `NoPublicMapError`."""
    packed = resources.files("beluga.install") / "public.map"
    if packed.is_file():
        text = packed.read_text(encoding="utf-8")
    else:
        checkout = Path(__file__).resolve().parents[2] / "deploy" / "public.map"
        if not checkout.is_file():
            raise NoPublicMapError
        text = checkout.read_text(encoding="utf-8")
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return [(pattern, service) for pattern, _, service in lines]


def expression(patterns: list[str]) -> str:
    """One expression, in Go's syntax, of raw addresses whose path is one of these."""
    inner = [
        p.removeprefix("^").removesuffix("$").replace("[^/]+", "[^/?]+").replace(".+", "[^?]+")
        for p in patterns
    ]
    return rf"^({'|'.join(p.replace(chr(92) + '-', '-') for p in inner)})(\?.*)?$"


def caddyfile(domain: str, email: str, base: int = DEFAULT_PORT_BASE, *, options: str = ADMIN) -> str:
    """The whole file. `options`: global ones, others where a rehearsal has an authority of its own."""
    ports = Ports.from_base(base)
    by_service = {
        service: [pattern for pattern, _ in group]
        for service, group in groupby(sorted(public_paths(), key=lambda p: p[1]), key=lambda p: p[1])
    }
    ways = "".join(
        f"""
		@{service} vars_regexp {_RAW} `{expression(patterns)}`
		handle @{service} {{{_answered(service, getattr(ports, _PORTS[service]))}
		}}"""
        for service, patterns in by_service.items()
    )
    account = f"\n\temail {email}" if email else ""
    return f"""\
{MARK}. What is yours goes into a file of its own: /etc/caddy/conf.d/NAME.caddy
{{
	{options}{account}
}}

{domain} {{
	header Strict-Transport-Security "max-age=31536000"
	header -Server
	request_body {{
		max_size 1MB
	}}
	route {{
		@odd not vars_regexp {_RAW} `{ONE_FORM}`
		respond @odd 404
		@dots vars_regexp {_RAW} `{DOTS}`
		respond @dots 404

		# The war room's way to the hotline: signs in there who comes without a session of the hotline's own.
		@hotline {{
			path /hotline
			not query token=*
			not header_regexp Cookie (^|;\\s*)beluga_hotline=
		}}
		handle @hotline {{{_answered("dashboard", ports.dashboard)}
		}}
{ways}
		respond 404
	}}
}}

import /etc/caddy/conf.d/*.caddy
"""


def _answered(service: str, port: int) -> str:
    """What a handle does: pass it on. Texts are worth a second try; a person's act is not sent twice."""
    feed = "\n\t\t\trewrite * /" if service == "feed" else ""
    patience = "\n\t\t\t\tlb_try_duration 5s" if service == "intake" else ""
    return f"""{feed}
			reverse_proxy 127.0.0.1:{port} {{{patience}
				header_up -Forwarded
				header_up -X-Forwarded-Port
			}}"""
