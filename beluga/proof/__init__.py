"""Proofs: recount, the laws, a backtest against how the day ended, two tallies compared."""
