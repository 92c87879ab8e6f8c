"""The war room's words: English where they stand, other languages in a gettext `.po` file each (README.md)."""

from dashboard.languages.catalogue import ENGLISH, WordCatalogue, read_words
from dashboard.languages.chosen import (
    CHOICE,
    Languages,
    add_languages,
    languages,
    languages_known,
    noted,
    spoken,
    tr,
    trn,
)

__all__ = [
    "CHOICE",
    "ENGLISH",
    "Languages",
    "WordCatalogue",
    "add_languages",
    "languages",
    "languages_known",
    "noted",
    "read_words",
    "spoken",
    "tr",
    "trn",
]
