"""The hotline's pages as HTML: the operator's desk, the upload of a file, and what became of its lines."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from intake.hotline.bulk import Result
from intake.pages.files import address

_WORDS = {
    "taken": "✓ taken",
    "already": "= already there",
    "refused": "✗ not taken",
    "not_stored": "✗ not stored",
}
_MOST_SHOWN = 5_000  # good lines; every line with a problem is shown


def frame(title: str, content: str, *, rehearsal: bool = False, script: bool = False) -> str:
    """A page for staff."""
    label = '<p class="label">Rehearsal: nothing here counts</p>' if rehearsal else ""
    code = f'<script type="module" src="{address("hotline.js")}"></script>' if script else ""
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><link rel="stylesheet" href="{address("hotline.css")}">
<link rel="icon" href="{address("icon.svg")}">{code}</head><body>
<header>{label}<nav aria-label="Hotline"><a href="/hotline">Hotline</a><a href="/hotline/upload">File</a>
<a href="/hotline/grid">Paper sheet</a><a href="/paper/sheet">Print sheets</a></nav></header>
<main>{content}</main></body></html>"""


def sign_in_page() -> str:
    """For somebody without a good link or cookie."""
    return frame(
        "Hotline",
        """<h1>Please open the hotline from the war room</h1>
<p role="alert">This needs a staff link that is less than twelve hours old. Open the hotline again from
the war room's menu, or ask for one made with <code>beluga links operator LOGIN</code>.</p>""",
    )


def desk_page(account: str, rehearsal: bool) -> str:
    """Precinct, Enter, number, Enter. Its script does the work."""
    return frame(
        "Hotline",
        f"""<h1>Hotline</h1>
<p class="quiet">Precinct, Enter, number, Enter. Any words of a text work, too: <kbd>412 at 10:05</kbd>,
<kbd>FIX 400</kbd>, <kbd>LINE 45</kbd>, <kbd>! machine down</kbd>. Signed in as {escape(account)}.</p>
<noscript><p role="alert">This page needs JavaScript. <a href="/hotline/upload">Upload a file</a>
or <a href="/hotline/grid">key a paper sheet</a> instead.</p></noscript>
<form id="desk" autocomplete="off" novalidate>
<div class="field place"><label for="place">Precinct</label>
<input id="place" role="combobox" aria-expanded="false" aria-controls="found" aria-autocomplete="list"
 autofocus spellcheck="false"><ul id="found" role="listbox" aria-label="Precincts found" hidden></ul></div>
<div class="field"><label for="who">Caller</label><select id="who"><option value="">nobody known</option>
</select></div>
<div class="field"><label for="said">What they say</label><input id="said" spellcheck="false"></div>
<button type="submit">Send</button></form>
<p id="notice" role="status"></p>
<section id="waiting" aria-live="polite" hidden></section>
<h2 id="log-title">Sent here</h2>
<div class="scroll" role="region" aria-labelledby="log-title" tabindex="0"><table id="log">
<thead><tr><th scope="col">Time</th><th scope="col">Precinct</th><th scope="col">Said</th>
<th scope="col">Read back</th></tr></thead><tbody></tbody></table></div>""",
        rehearsal=rehearsal,
        script=True,
    )


def upload_page(
    form_token: str, rehearsal: bool, *, problem: str = "", results: Sequence[Result] | None = None
) -> str:
    """The form for a file, above what became of the last one."""
    alert = f'<p role="alert" class="alert">{escape(problem)}</p>' if problem else ""
    return frame(
        "Upload reports",
        f"""<h1>Upload reports</h1>
<p>A CSV file with the columns <code>precinct_id,observed_at,votes</code> and, where known,
<code>kind,source,note</code>. The source may be a watcher's id: the report is then theirs. The same file sent
twice counts once, so send it again whenever in doubt.</p>{alert}
<form method="post" enctype="multipart/form-data">
<input type="hidden" name="form" value="{escape(form_token)}">
<div class="field"><label for="file">File</label>
<input id="file" type="file" name="file" accept=".csv,text/csv,text/plain" required></div>
<button type="submit">Upload</button></form>
{results_table(results) if results is not None else ""}""",
        rehearsal=rehearsal,
    )


def results_table(results: Sequence[Result]) -> str:
    """Every line with its result; the problems first."""
    counts = Counter(result.outcome for result in results)
    summary = ", ".join(f"{counts[name]} {_WORDS[name][2:]}" for name in _WORDS if counts[name])
    ranked = sorted(results, key=lambda r: r.outcome in ("taken", "already") and not r.said)
    rows = "".join(_row(result) for result in ranked[: _MOST_SHOWN + counts["refused"]])
    return f"""<div role="status"><h2 id="result-title">{summary or "No lines found"}</h2></div>
<div class="scroll" role="region" aria-labelledby="result-title" tabindex="0"><table>
<thead><tr><th scope="col">Line</th><th scope="col">Precinct</th><th scope="col">Votes</th>
<th scope="col">Result</th></tr></thead><tbody>{rows}</tbody></table></div>"""


def _row(result: Result) -> str:
    report = result.line.report
    place, votes = (escape(report.precinct_id), str(report.votes)) if report else ("", "")
    bad = "" if result.outcome in ("taken", "already") and not result.said else ' class="bad"'
    said = f": {escape(result.said)}" if result.said else ""
    return (
        f"<tr{bad}><td>{result.line.number}</td><td>{place}</td><td>{votes}</td>"
        f"<td>{_WORDS[result.outcome]}{said}</td></tr>"
    )
