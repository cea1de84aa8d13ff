"""How fast the portal is, as ratios to yardsticks measured in the same run: `make bench SCALE=10k|100k|1m`."""
