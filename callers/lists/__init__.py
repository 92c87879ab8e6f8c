"""Lists in other hands: CSV for a dialer, call and walk sheets, and the outcomes that come back."""
