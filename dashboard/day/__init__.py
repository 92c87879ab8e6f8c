"""The day so far: the totals as they were every few minutes, and the figure that plotly draws of them."""
