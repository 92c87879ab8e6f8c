"""What the past says before the day: votes expected, the course of a day, how far both differ."""
