"""Rides to the polls and home: who needs one, which driver has it, and what they are texted."""
