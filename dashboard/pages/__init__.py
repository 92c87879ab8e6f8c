"""The war room's pages, each a layout in Python, which is sent as first HTML and then drawn by Dash Pages."""
