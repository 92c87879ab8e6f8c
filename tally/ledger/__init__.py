"""What every precinct's check-ins say as of any time, as a function of their set."""
