"""What each table is and which of its columns says what: words, kinds, dates, mapping.toml."""
