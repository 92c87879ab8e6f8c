"""Lists in other hands: for a dialer, call and walk sheets, watchers' rolls; and the outcomes that come back."""
