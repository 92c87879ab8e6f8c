"""The application service: gives a caller the next voter and takes what came of the call."""
