"""The forms of a caller's page that say what came of a call: buttons, times, and what a voter asked."""

from html import escape
from uuid import UUID, uuid4

from callers.people.people import SPOKEN, autonym
from callers.scripts import wording as scripts
from election.wire.callers import VoterOnLease

_BUTTONS = ("will_vote", "already_voted", "no_answer", "call_back", "wrong_number", "do_not_call")
_MORE = ("someone_else", "left_message", "refused", "moved", "abusive")
_NEEDS = ("place", "hours", "papers", "language")


def information(words: dict[str, str], voter: VoterOnLease) -> str:
    """What the election folder says to a voter who asks where and when; and what it does not hold."""
    closes = scripts.local(voter.closes_at, voter.timezone)
    where = f"{words['need_place']}: {voter.polling_place}"
    opens = f"{scripts.local(voter.opens_at, voter.timezone)}–" if voter.opens_at else "– "
    hours = f"{words['need_hours']}: {opens}{closes}"
    lines = (where, hours, words["information_missing"])
    return "".join(f'<p class="where">{escape(line)}</p>' for line in lines)


def outcomes(words: dict[str, str], base: str, lease_id: UUID, told: str = "") -> str:
    """The six buttons, when they will vote, and whatever else may have come of a call."""
    first = "".join(_button(o, words[o]) for o in _BUTTONS)
    more = "".join(_button(o, words[o]) for o in _MORE)
    hidden = f"""<input type="hidden" name="lease_id" value="{lease_id}">
<input type="hidden" name="outcome_id" value="{uuid4()}">"""
    form = f'<form method="post" action="{base}/outcome" class="outcome">{hidden}'
    needs = "".join(f'<option value="{need}">{escape(words["need_" + need])}</option>' for need in _NEEDS)

    def timed(outcome: str, field: str, key: str, more: str = "") -> str:
        return f"""{form}<label for="{outcome}">{words[key]}</label>
<div class="row"><input id="{outcome}" type="time" name="{field}" required>
<button name="outcome" value="{outcome}">{words["save"]}</button>
</div>{more}</form>"""

    def ticked(field: str, key: str) -> str:
        return f'''<label class="box"><input type="checkbox" name="{field}" value="true">
<span>{escape(words[key])}</span></label>'''

    ride = f"""{form}<p>{words["needs_ride"]}</p><label for="ride">{words["ride_by"]}</label>
<div class="row"><input id="ride" type="time" name="said_local">
<input type="number" name="seats" min="1" max="12" value="1" inputmode="numeric"
 aria-label="{words["ride_seats"]}">
<button name="outcome" value="needs_ride">{words["save"]}</button></div>
{ticked("wheelchair", "ride_wheelchair")}{ticked("texts", "ride_texts")}</form>"""

    return f"""{form}<div class="grid">{first}</div></form>
{timed("will_vote_at", "said_local", "will_vote_when", ticked("texts", "reminder_texts"))}
<details><summary>{words["more"]}</summary>
{ride}
{timed("at_work", "said_local", "work_until")}
{timed("call_back", "call_back_local", "call_back_when")}
{form}<label for="need">{words["which_information"]}</label>{told}
<div class="row"><select id="need" name="need" required><option value=""></option>{needs}</select>
<button name="outcome" value="needs_information">{words["save"]}</button></div></form>
{form}<label for="line">{words["line_minutes"]}</label>
<div class="row"><input id="line" type="number" name="line_minutes" min="0" max="600" inputmode="numeric">
<button name="outcome" value="long_line">{words["save"]}</button></div></form>
{form}<label for="speaks">{words["which_language"]}</label>
<div class="row"><select id="speaks" name="language" required><option value=""></option>{_tongues()}</select>
<button name="outcome" value="other_language">{words["save"]}</button></div></form>
{form}<div class="grid more">{more}</div></form></details>"""


def _tongues() -> str:
    return "".join(
        f'<option value="{code}" lang="{code}">{escape(autonym(code))}</option>' for code in SPOKEN
    )


def _button(outcome: str, word: str) -> str:
    return f'<button name="outcome" value="{outcome}" class="{outcome}">{word}</button>'
