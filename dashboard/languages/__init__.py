"""The war room's words: English where they stand, other languages in a gettext `.po` file each."""

from dashboard.languages.catalogue import ENGLISH, WordCatalogue, filled, read_words
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
    retold,
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
    "add_words",
    "coded",
    "dated",
    "filled",
    "languages",
    "languages_known",
    "noted",
    "noted_all",
    "read_words",
    "retold",
    "spoken",
    "tr",
    "trn",
]
