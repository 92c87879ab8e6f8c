"""What each table is and which of its columns says what: vocabulary, kinds, the dates it names, mapping.toml."""
