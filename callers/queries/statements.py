"""The room's SQL: named blocks (`-- :name x` with a description) in `queries/*.sql`."""

import re
from functools import cache
from importlib import resources

_BLOCK = re.compile(r"^-- :name (\w+)\n((?:.*\n?)*?)(?=^-- :name |\Z)", re.MULTILINE)


@cache
def statements(noun: str) -> dict[str, str]:
    """name -> SQL of `queries/<noun>.sql`."""
    text = (resources.files("callers.queries") / f"{noun}.sql").read_text(encoding="utf-8")
    return {name: sql.strip() for name, sql in _BLOCK.findall(text)}
