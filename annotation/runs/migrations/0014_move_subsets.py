"""Figures on the subsets of files leave the metrics, which every list of models reads."""

from django.db import migrations


def move_out(apps, schema_editor):
    ModelVersion = apps.get_model("runs", "ModelVersion")
    BenchmarkSubset = apps.get_model("runs", "BenchmarkSubset")
    for version in ModelVersion.objects.filter(metrics__has_key="benchmarks").iterator(10):
        rows = []
        for benchmark, figures in version.metrics["benchmarks"].items():
            for name, one in figures.pop("subsets", {}).items():
                rows.append(
                    BenchmarkSubset(
                        version=version,
                        benchmark=benchmark,
                        name=name,
                        comparison_count=one["comparisons"],
                        figures=one,
                    )
                )
        if rows:
            BenchmarkSubset.objects.bulk_create(rows)
            version.save(update_fields=["metrics"])


def move_back(apps, schema_editor):
    ModelVersion = apps.get_model("runs", "ModelVersion")
    BenchmarkSubset = apps.get_model("runs", "BenchmarkSubset")
    for version in ModelVersion.objects.filter(benchmark_subsets__isnull=False).distinct():
        for row in BenchmarkSubset.objects.filter(version=version):
            figures = version.metrics["benchmarks"][row.benchmark]
            figures.setdefault("subsets", {})[row.name] = row.figures
        version.save(update_fields=["metrics"])
    BenchmarkSubset.objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("runs", "0013_subsets_apart")]

    operations = [migrations.RunPython(move_out, move_back)]
