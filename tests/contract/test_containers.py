"""What can be held of the container files without a container engine."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from annotation.core.embedded.binaries import find_broker

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILES = sorted((ROOT / "deploy").glob("*.Dockerfile"))
ENTRYPOINT = (ROOT / "deploy" / "entrypoint.sh").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()


def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def ours():
    return {name: s for name, s in services().items() if s["image"].startswith("concord-")}


def tool(name):
    """A program of the test extra; without it these checks would silently be none."""
    found = shutil.which(name, path=Path(sys.executable).parent)
    assert found, f"{name} is not installed: make test"
    return found


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_finds_nothing(dockerfile):
    done = subprocess.run([tool("hadolint"), dockerfile], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_find_something(tmp_path):
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nRUN apt-get install vim\n")
    assert subprocess.run([tool("hadolint"), bad], capture_output=True).returncode == 1


def check_schema(path):
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_compose_file_fits_its_schema(tmp_path):
    done = check_schema(COMPOSE)
    assert done.returncode == 0, done.stdout

    misspelt = tmp_path / "docker-compose.yml"
    misspelt.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:", 1))
    assert check_schema(misspelt).returncode == 1


def test_each_command_is_one_the_entrypoint_knows_and_its_modules_exist():
    known = set(re.findall(r"^(\w+)\)$", ENTRYPOINT, re.MULTILINE))
    assert known == {"web", "worker", "beat", "migrate"}
    assert {service["command"][0] for service in ours().values()} == known
    names = set(re.findall(r"(?:-m|-A) ([\w.]+)", ENTRYPOINT))
    names |= set(re.findall(r"annotation\.\w+", ENTRYPOINT))
    assert names == {"gunicorn", "celery", "annotation.wsgi", "annotation.celery"}
    for name in names:
        assert importlib.util.find_spec(name), name


def test_the_workers_serve_every_queue_that_jobs_are_sent_to():
    served = {s["command"][1] for s in ours().values() if s["command"][0] == "worker"}
    assert served == {"default", "train"}


def test_every_variable_the_code_reads_is_in_the_example_and_in_the_documentation():
    sources = [p.read_text() for p in (ROOT / "annotation").rglob("*.py")]
    sources += [ENTRYPOINT, (ROOT / "deploy" / "healthcheck.py").read_text()]
    name = r"(?:CONCORD_\w*[A-Z]|DATABASE_URL|REDIS_URL|WEB_\w+|WORKER_\w+)"
    patterns = [
        rf'env\.\w+\(\s*"({name})"',
        rf'environ(?:\.get\(|\[)"({name})"',
        rf"\$\{{({name})",
    ]
    read = {found for text in sources for p in patterns for found in re.findall(p, text)}
    assert {"CONCORD_HOSTS", "CONCORD_SECRET_KEY", "DATABASE_URL", "WEB_WORKERS"} <= read

    example = set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    documented = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text()))
    assert read - example == set()
    assert read - documented == set()


def test_every_variable_of_the_compose_file_is_in_the_example():
    wanted = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    example = set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert len(wanted) > 10
    assert wanted - example == set()


def test_the_example_holds_no_secret():
    secrets = re.findall(r"^(\w*(?:KEY|PASSWORD))=(.*)$", EXAMPLE, re.MULTILINE)
    assert len(secrets) == 4
    assert {value for _, value in secrets} == {""}


def test_what_the_images_copy_exists_and_is_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text()
    for dockerfile in DOCKERFILES:
        copies = re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE)
        for sources in (line.split()[:-1] for line in copies):
            for source in sources:
                assert (ROOT / source).exists(), source
                assert any(
                    Path(source).match(line[1:]) or source.split("/")[0] == line[1:]
                    for line in ignored.splitlines()
                    if line.startswith("!")
                ), f"{source} is kept out by .dockerignore"


def test_the_web_image_has_no_torch_and_nobody_runs_as_root():
    web = (ROOT / "deploy" / "web.Dockerfile").read_text()
    assert "train.txt" not in web
    assert "torch" not in (ROOT / "requirements" / "web.lock").read_text()
    for dockerfile in DOCKERFILES:
        user = re.findall(r"^USER (\S+)$", dockerfile.read_text(), re.MULTILINE)
        assert user, dockerfile.name
        assert user[-1] == "10001"


def test_only_the_proxy_is_reached_from_outside_and_only_training_takes_a_gpu():
    published = [name for name, service in services().items() if "ports" in service]
    assert published == ["proxy"]
    with_gpu = {name: s["profiles"] for name, s in services().items() if "deploy" in s}
    assert with_gpu == {"train": ["gpu"]}


def test_the_broker_keeps_its_messages_and_refuses_rather_than_evicts():
    command = services()["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_compose_and_embedded_postgres_run_with_the_same_settings():
    from annotation.core.embedded.postgres import SETTINGS

    options = [o[2:].split("=") for o in services()["postgres"]["command"] if o.startswith("-c")]
    assert dict(options) == SETTINGS


def test_the_database_script_makes_a_plain_owner():
    """Its statements, on the embedded server: the image's own start is not run here."""
    from annotation.core.embedded.postgres import FORGETFUL, Postgres

    directory = Path(tempfile.mkdtemp(prefix="concord-init-"))
    directory.chmod(0o755)
    server = Postgres(directory, settings=FORGETFUL)
    try:
        server.start()
        psql = [server.bin / "psql", "-h", server.socket_directory, "-U", "postgres", "-At"]
        subprocess.run(
            [*psql, "-c", "DROP DATABASE concord", "-c", "DROP ROLE concord"], check=True
        )
        subprocess.run(
            ["sh", ROOT / "deploy" / "postgres-init.sh"],
            env={
                "PATH": f"{server.bin}:{os.environ['PATH']}",
                "PGHOST": str(server.socket_directory),
                "POSTGRES_USER": "postgres",
                "CONCORD_DB_PASSWORD": "a'quote",
            },
            check=True,
        )
        question = (
            "SELECT rolsuper, datname, datlocprovider, datlocale FROM pg_roles "
            "JOIN pg_database ON datdba = pg_roles.oid WHERE rolname = 'concord'"
        )
        answer = subprocess.run(
            [*psql, "-c", question], capture_output=True, text=True, check=True
        )
    finally:
        server.stop()
        shutil.rmtree(directory)
    assert answer.stdout == "f|concord|b|C.UTF-8\n"


def test_the_broker_accepts_its_options():
    command = [part.split(":?")[0] for part in services()["redis"]["command"]]
    assert command[0] == "redis-server"
    directory = tempfile.mkdtemp(prefix="concord-redis-")
    broker = subprocess.Popen(
        [find_broker(), *command[1:], "--port", "0", "--unixsocket", "socket", "--dir", directory],
        stdout=subprocess.PIPE,
        text=True,
        cwd=directory,
    )
    try:
        said = next((line for line in broker.stdout if "Ready to accept" in line), "")
    finally:
        broker.terminate()
        broker.wait(10)
        broker.stdout.close()
    assert said
    assert list(Path(directory).glob("appendonlydir/*.aof"))
    shutil.rmtree(directory)


def test_collected_static_files_can_be_read_by_the_account_that_serves_them(tmp_path):
    command = [sys.executable, "manage.py", "collectstatic", "--no-input"]
    environment = {**os.environ, "CONCORD_STATIC_ROOT": str(tmp_path / "static")}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

    files = [path for path in (tmp_path / "static").rglob("*") if path.is_file()]

    assert (tmp_path / "static" / "staticfiles.json") in files
    assert [path for path in files if path.stat().st_mode & 0o044 != 0o044] == []
