"""What is new once the heap is settled lies in pages of its own: a fork copies few of those it shares."""

import json
import subprocess
import sys

# Leaves gaps between what lives, settles, and says how many of as many new things went into the gaps.
GAPS = """
import json, sys
from election.runtime.heap import settle_before_forks
def address(size):
    made = [bytes(size) for _ in range(6_000)]
    gaps = {id(each) for each in made[::2]}
    return [each for at, each in enumerate(made) if at % 2], gaps
kept, gaps = zip(*map(address, (30, 200, 450, 2_000, 9_000)))
if sys.argv[1] == "settled":
    settle_before_forks()
new = [[bytes(size) for _ in range(3_000)] for size in (30, 200, 450, 2_000, 9_000)]
print(json.dumps([sum(id(each) in was for each in made) for made, was in zip(new, gaps)]))
"""


def _in_gaps(how: str) -> list[int]:
    done = subprocess.run([sys.executable, "-c", GAPS, how], capture_output=True, text=True, check=True)
    found: list[int] = json.loads(done.stdout)
    return found


def test_new_things_stay_out_of_the_gaps_between_old_ones() -> None:
    assert max(_in_gaps("settled")) <= 30  # of 3,000
    assert min(_in_gaps("as it is")) > 300
