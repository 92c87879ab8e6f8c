"""The war room's words: English where they stand, other languages in a gettext `.po` file each."""

from dashboard.languages.catalogue import ENGLISH, LanguageCatalogue, filled, read_words
from dashboard.languages.chosen import (
    CHOICE,
    Languages,
    add_languages,
    add_words,
    coded,
    dated,
    languages,
    languages_known,
    noted,
    noted_all,
    spoken,
    tr,
    trn,
)
from dashboard.languages.command_words import adopting_words, code_words, finding_words
from dashboard.languages.deeds import deed_words, detail_words, subject_words
from dashboard.languages.other_services import retold, templates_for
from dashboard.languages.refused_words import refusal_words

__all__ = [
    "CHOICE",
    "ENGLISH",
    "LanguageCatalogue",
    "Languages",
    "add_languages",
    "add_words",
    "adopting_words",
    "code_words",
    "coded",
    "dated",
    "deed_words",
    "detail_words",
    "filled",
    "finding_words",
    "languages",
    "languages_known",
    "noted",
    "noted_all",
    "read_words",
    "refusal_words",
    "retold",
    "spoken",
    "subject_words",
    "templates_for",
    "tr",
    "trn",
]
