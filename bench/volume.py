"""Bringing in, measuring agreement, freezing and handing out: rates and peak memory."""

from pathlib import Path

from bench import world
from bench.measure import command
from bench.report import Report


def run(report: Report, folder: Path, sizes=(10_000, 100_000)) -> None:
    base = command("check").peak_mib
    report.add("memory of a command that does nothing", f"{base:.0f} MiB")
    peaks = {}
    for size in sizes:
        with world.database():
            items = world.write_items(folder / f"items-{size}.jsonl", size)
            done = command("import_items", "bench", items, "--create")
            peaks[size] = done.peak_mib
            rate = size / done.seconds
            report.add(f"import, {size:,} items", f"{rate:,.0f} items/s", "≥ 12,000")
            report.add(
                f"import peak memory, {size:,} items ({items.stat().st_size / 2**20:.0f} MiB)",
                f"{done.peak_mib:.0f} MiB",
            )
            if size == min(sizes):
                _judged(report, folder, size)
    small, large = min(sizes), max(sizes)
    if small != large:
        report.add(
            f"import peak memory, {large:,} against {small:,} items",
            f"+{peaks[large] - peaks[small]:.0f} MiB",
            "constant",
        )


def _judged(report, folder, size):
    judgments = world.write_judgments(folder / "judgments.jsonl", size)
    count = size * 3
    done = command("import_judgments", "bench", judgments, "--create")
    report.add(f"import, {count:,} judgments", f"{count / done.seconds:,.0f} /s")
    report.add("import of judgments, peak memory", f"{done.peak_mib:.0f} MiB")
    done = command("agreement", "bench", "--json")
    report.add(
        f"agreement with intervals, {size:,} items × 3",
        f"{done.seconds:.1f} s, {done.peak_mib:.0f} MiB",
    )
    done = command("freeze_dataset", "bench")
    digest = done.output.split()[-1]
    report.add(f"freeze, {size:,} items × 3", f"{done.seconds:.1f} s, {done.peak_mib:.0f} MiB")
    target = folder / "export"
    done = command("export_dataset", digest, target)
    rows = sum(1 for file in target.rglob("*.jsonl") for _ in file.open())
    report.add("export, rows", f"{rows / done.seconds:,.0f} /s, {rows:,} rows", "≥ 15,000 items/s")
    report.add("export peak memory", f"{done.peak_mib:.0f} MiB")
