"""The election folder: plain files that a county office can edit in a spreadsheet, in and out."""

from election.folder.findings import Finding, Findings, FolderError, Notice, Problem
from election.folder.people import stream_voters
from election.folder.reading import Checked, Examined, check_all, check_voters, examine, read_election
from election.folder.reports import ReportRow, examine_reports, read_reports
from election.folder.writing import VoterFile, write_callers, write_day, write_election, write_tables

__all__ = [
    "Checked",
    "Examined",
    "Finding",
    "Findings",
    "FolderError",
    "Notice",
    "Problem",
    "ReportRow",
    "VoterFile",
    "check_all",
    "check_voters",
    "examine",
    "examine_reports",
    "read_election",
    "read_reports",
    "stream_voters",
    "write_callers",
    "write_day",
    "write_election",
    "write_tables",
]
