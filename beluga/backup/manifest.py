"""Checks a base backup against PostgreSQL's own manifest: every file there, of its size and its checksum.

(`pg_verifybackup` of the embedded wheel crashes as it starts, so this reads the manifest itself.) Write-ahead
log is not in the manifest; its records carry their own checksums, which recovery checks.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import orjson

CHECKSUMS = "SHA256"  # as asked of pg_basebackup


def problems(folder: Path) -> Iterator[str]:
    """What is wrong with a backup, file by file; nothing where all is well."""
    manifest = folder / "backup_manifest"
    if not manifest.exists():
        yield "backup_manifest is missing"
        return
    content = manifest.read_bytes()
    head, mark, _ = content.rpartition(b'"Manifest-Checksum"')
    try:
        known = orjson.loads(content)
    except orjson.JSONDecodeError:
        yield "backup_manifest is damaged"
        return
    if not mark or hashlib.sha256(head).hexdigest() != known["Manifest-Checksum"]:
        yield "backup_manifest is damaged"
        return
    for each in known["Files"]:
        path = folder / each["Path"]
        if not path.is_file():
            yield f"{each['Path']} is missing"
        elif path.stat().st_size != each["Size"]:
            yield f"{each['Path']} has {path.stat().st_size} bytes instead of {each['Size']}"
        elif each.get("Checksum-Algorithm") == CHECKSUMS:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != each["Checksum"]:
                    yield f"{each['Path']} has changed"
