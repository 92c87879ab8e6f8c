"""How many voters may be shown to whom, so that nobody harvests the roll. Pure: the database counts.

A voter is *shown* when a caller presses *Call*: until then nobody has their name or number. Four budgets hold
at once (`dialled` in queries/leases.sql counts them all in the transaction that shows):

- *unreported*: so many voters without a recorded outcome. Whoever tells what came of a call goes on.
- *caller*: so many a minute, and an hour. A person lets it ring longer.
- *bank* and *address*: one voter for each caller of the bank in so many seconds, so that a crowd under one
  code, or behind one router, sees what so many people could call, and not more. Fifty callers who begin in
  the same second all have their voter; who pretends to be sixty has no more than sixty would.

Times are stack time. Addresses: `api/addresses.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budgets:
    unreported: int = 3  # voters shown without an outcome, to one caller
    caller: int = 6  # voters a minute, to one caller
    hour: int = 240  # voters an hour, to one caller
    bank: int = 10  # a bank with fewer callers is taken for one of so many
    address: int = 50  # an address, too
    seconds: float = 30.0  # in which a bank or an address may be shown one voter for each of its callers


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a caller comes from. `known`: callers of callers.csv, the size of the bank ''."""

    bank: str = ""
    address: str = ""
    known: int = 0
