"""Lists in other hands: for dialers, call and walk sheets, watchers' rolls; and the outcomes that come back."""
