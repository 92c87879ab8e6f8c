"""`python -m beluga`: the same as the command `beluga`, for a process that must not rely on PATH."""

from beluga.commands import main

if __name__ == "__main__":
    main()
