"""Language files hold each sentence that the war room says, with its places, and no other."""

import re
import shutil
from pathlib import Path

import flask
import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import Environment

import dashboard.languages
from dashboard.browser import CATALOGUE, Scripts
from dashboard.languages import ENGLISH, add_languages, dated, languages, retold, tr, trn
from dashboard.languages.catalogue import PLACE, places_of
from dashboard.languages.messages import level, messages
from tests.dashboard.languages.pseudo import CODE, write_pseudo
from tests.dashboard.running import NOON
