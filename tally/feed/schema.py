"""JSON Schema of the feed's messages, written to docs/schema/: `python -m tally.feed.schema docs/schema`."""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from election.wire.feed import Beat, Delta, Hello, Snapshot

MESSAGES: dict[str, type[BaseModel]] = {"hello": Hello, "snapshot": Snapshot, "delta": Delta, "beat": Beat}


def schemas() -> dict[str, str]:
    """File name -> content, as the files in docs/schema must be."""
    return {
        f"feed.{name}.json": json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema"}
            | model.model_json_schema(mode="serialization"),
            indent=2,
            sort_keys=True,
        )
        + "\n"
        for name, model in MESSAGES.items()
    }


if __name__ == "__main__":
    for name, content in schemas().items():
        (Path(sys.argv[1]) / name).write_text(content, encoding="utf-8")
