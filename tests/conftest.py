"""What every test may use: the database of this run (`database`), the cast of people and customers (`cast`)."""

pytest_plugins = ["tests.database", "tests.cast"]
