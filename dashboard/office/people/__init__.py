"""Accounts, watchers and their links: who takes part, seen to by admins and by leads in their counties."""
