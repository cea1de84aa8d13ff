"""What every test may use: the cast of people and customers (`cast`)."""

pytest_plugins = ["tests.cast"]
