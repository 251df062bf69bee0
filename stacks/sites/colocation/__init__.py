"""What the sites in the venues' data centres share: a rack, its hosts, what trades on them, and the data plane."""
