"""Trades a session: the run's folder, the exchange and the engine as processes, what they report."""
