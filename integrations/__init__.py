"""Other people's systems: the portal and the channels' services."""
