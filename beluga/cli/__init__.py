"""The commands of `beluga`, one file each."""
