"""The election folder: plain files that a county office can edit in a spreadsheet, in and out."""

from election.folder.findings import Finding, Findings, FolderError, Notice, Problem
from election.folder.people import stream_voters
from election.folder.reading import Examined, examine, read_election
from election.folder.reports import Report, examine_reports, read_reports

__all__ = [
    "Examined",
    "Finding",
    "Findings",
    "FolderError",
    "Notice",
    "Problem",
    "Report",
    "examine",
    "examine_reports",
    "read_election",
    "read_reports",
    "stream_voters",
]
