"""Break everything in one run: `python -m chaos` takes sixteen minutes on a quiet machine, `--quick` five.

With `--report docs/reliability.md` each part writes its table there. One part alone: `python -m chaos.mail --help`.
"""

import argparse
import subprocess
import sys
import time

#: Each part, and what makes it a quick look.
PARTS = {
    "mail": ["--mails=500", "--kills=8", "--away=5"],
    "web": ["--rate=10", "--turns=1", "--kills=3", "--away=5"],
    "rollups": ["--kills=3"],
    "upgrade": ["--customers=3000"],
}


def main() -> int:
    """Run every part, whatever became of the one before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--report", help="write the lines into this document, between its marks")
    chosen = parser.parse_args()
    report = [f"--report={chosen.report}"] if chosen.report else []
    began, failed = time.monotonic(), []
    for part, quick in PARTS.items():
        command = [sys.executable, "-m", f"chaos.{part}", *(quick if chosen.quick else []), *report]
        if subprocess.run(command, check=False).returncode:
            failed.append(part)
    minutes = (time.monotonic() - began) / 60
    print(f"{minutes:.0f} minutes, " + (f"failed: {', '.join(failed)}" if failed else "everything held"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
