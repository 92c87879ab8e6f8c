"""The languages: a gettext catalogue each, with the words watchers text and the words they read."""
