"""What a supervisor and a service do not load, since they would hold it all day for nothing."""

import subprocess
import sys

ASKED = """
import sys
import beluga.stack.local_stack
print(*sorted({"aiohttp", "asyncpg", "numpy", "pydantic", "rich"} & sys.modules.keys()))
import callers.__main__
print(*sorted({"dash", "numpy", "rich", "typer"} & sys.modules.keys()))
import rich  # whoever wants it may still have it
"""


def test_a_supervisor_holds_no_client_of_the_database_and_a_service_nothing_for_terminals() -> None:
    said = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
    assert said.stdout == "\n\n"
