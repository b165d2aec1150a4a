"""`python -m bench [PART …] [--quick]`: measure the parts named, or all, and print one table."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench import (
    ability,
    adaptive,
    agreement,
    coverage,
    dpo,
    gold,
    inside,
    judging,
    overview,
    pages,
    pandalm,
    rounds,
    start,
    statistics,
    volume,
)
from bench.report import Report

PARTS = {
    "ability": ability.run,
    "adaptive": adaptive.run,
    "agreement": agreement.run,
    "judging": judging.run,
    "gold": gold.run,
    "inside": inside.run,
    "volume": volume.run,
    "overview": overview.run,
    "pages": pages.run,
    "start": start.run,
    "statistics": statistics.run,
    "coverage": coverage.run,
    "dpo": dpo.run,
}
# Up to an hour: only where they are named.
LONG = {"rounds": rounds.run, "pandalm": pandalm.run}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS | LONG)}")
    parser.add_argument("--quick", action="store_true", help="2,000 and 10,000 items only")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS | LONG)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    sizes = (2_000, 10_000) if arguments.quick else (10_000, 100_000)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as folder:
        try:
            for name in arguments.parts or PARTS:
                print(f"{name} …", file=sys.stderr)
                (PARTS | LONG)[name](report, Path(folder), sizes)
        finally:  # what was measured before something failed was measured
            print(report.table())


if __name__ == "__main__":
    main()
