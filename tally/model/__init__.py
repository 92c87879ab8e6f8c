"""The day's model: curve, expectation, gate, fit, and what they say of every precinct's final count."""
