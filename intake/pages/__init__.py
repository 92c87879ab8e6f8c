"""The files that the browser loads: scripts, styles and icons, under one version."""
