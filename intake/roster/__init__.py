"""The rosters that texts are read against and the watchers' links, followed from PostgreSQL and kept on
disk.
"""
