"""Lists in other hands: for dialers, call and walk sheets, watchers' rolls; and outcomes that come back."""
