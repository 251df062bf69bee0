"""The control service of a site: other parameters, pauses, cancels and the kill switch for engines that trade."""
