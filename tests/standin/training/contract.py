"""The child's side of docs/formats.md in its smallest form. `options.act` says how to behave."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

folder, token = Path(sys.argv[1]), int(sys.argv[2])
out = folder / str(token)
config = json.loads((folder / "config.json").read_text())
act = os.environ.get("STANDIN") or (folder.parent / "act").read_text().strip()
stopped = []


def say(type_, **fields):
    if (folder / "token").read_text().strip() != str(token):
        sys.exit(75)
    with (out / "metrics.jsonl").open("a") as file:
        line = {"t": time.time(), "token": token, "type": type_, **fields}
        file.write(json.dumps(line) + "\n")


def report(status, files=(), **fields):
    part = out / ".run.json"
    part.write_text(
        json.dumps(
            {
                "status": status,
                "kind": config["kind"],
                "counts": {"read": 4, "kept": 4, "cut": 0, "dropped": {}},
                "metrics": {"accuracy": {"value": 0.75, "low": 0.5, "high": 0.9}},
                "baselines": {"length": {"value": 0.5, "low": 0.3, "high": 0.7}},
                "initial": {"loss": 0.6931},
                "versions": {},
                "seed": config["seed"],
                "files": {
                    name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files
                },
                "error": None,
                **fields,
            }
        )
    )
    part.rename(out / "run.json")


def publish():
    model = out / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"weights of attempt %d" % token)
    (model / "README.md").write_text("# A card\n\n<script>alert(1)</script>\n")
    (model / "manifest.json").write_text(json.dumps({"files": {}, "token": token}))
    return [f"model/{path.name}" for path in sorted(model.iterdir())]


def save(step):
    """A checkpoint as the trainers leave it: whole by one rename, its manifest in it."""
    folder = out / "checkpoints" / f"step-{step}"
    part = folder.with_name(f".{folder.name}.tmp")
    (part / "optimizer").mkdir(parents=True)
    bodies = {"model.safetensors": b"weights", "optimizer/state.json": b"%d" % step}
    files = {}
    for name, body in bodies.items():
        (part / name).write_bytes(body)
        files[name] = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    (part / "checkpoint.json").write_text(json.dumps({"step": step, "files": files}))
    part.rename(folder)
    say("checkpoint", step=step)


def saved_steps():
    found = folder.glob("[0-9]*/checkpoints/step-*/checkpoint.json")
    return max((json.loads(path.read_text())["step"] for path in found), default=0)


def train():
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
    say("start", kind=config["kind"])
    if act.startswith("exit "):
        code = int(act.split()[1])
        message = " ".join(act.split()[2:])
        sys.stdout.write("Traceback: something\n" + message + "\n")
        report("failed", error=message)
        sys.exit(code)
    if act == "silent":
        time.sleep(60)
    if act == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # A rank with a session of its own: no group signal reaches it.
        subprocess.Popen(["sleep", "120"], start_new_session=True)
        say("progress", stage="train", step=1, total=9)
        time.sleep(60)
    if act == "crash" or (act == "crash once" and token == 1):
        say("progress", stage="train", step=3, total=9)
        (folder / "pids").open("a").write(f"{os.getpid()}\n")
        os.kill(os.getpid(), signal.SIGKILL)
    steps = 10_000 if act == "long" else 3
    saves = act.startswith("saves")
    for step in range(saved_steps() + 1, steps + 1):
        if saves:
            save(step)
        if act == {2: "saves two", 3: "saves three"}.get(step):
            os.kill(os.getpid(), signal.SIGKILL)
        say("progress", stage="train", step=step, total=steps)
        say("metric", step=step, loss=1 / step, eval_accuracy=0.5 + step / 10)
        sys.stdout.write(f"step {step}\n")
        sys.stdout.flush()
        if stopped:
            say("checkpoint", step=step)
            report("cancelled")
            sys.exit(143)
        time.sleep(0.05)
    if act == "fenced":
        (folder / "token").write_text("99\n")
        say("progress", stage="publish")
    files = publish()
    report("done", files)
    if act == "damaged":
        (out / "model" / "model.safetensors").write_bytes(b"other")
    if act == "no model":
        report("done", [])


def score():
    """The longer the response, the higher its reward; one that says "long" is not read."""
    say("start", kind="score")
    rows = [json.loads(x) for x in Path(config["options"]["rows"]).read_text().splitlines()]
    if act == "bad score":
        rows = rows[1:]
    with (out / "scores.jsonl").open("w") as file:
        for row in rows:
            text = row["response"]
            value = None if text == "long" else len(text) / 100
            file.write(json.dumps({"id": row["id"], "score": value}) + "\n")
    if act == "fail":
        report("failed", error="out of memory")
        sys.exit(1)
    report("done", ["scores.jsonl"])


def measure():
    """Right in eight of ten, length in six; by subset the same."""
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
    say("start", kind="measure")
    if act == "crash once" and token == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    rows = [json.loads(x) for x in Path(config["options"]["rows"]).read_text().splitlines()]
    for step in range(1, 10_000 if act == "long" else 3):
        say("progress", stage="score", step=step, total=10_000)
        if stopped:
            report("cancelled")
            sys.exit(143)
        time.sleep(0.05)
    if act == "fail":
        report("failed", error="out of memory")
        sys.exit(71)
    part = {
        "comparisons": len(rows),
        "prompts": len(rows),
        "accuracy": {"value": 0.8, "low": 0.7, "high": 0.9},
        "length": {"value": 0.6, "low": 0.5, "high": 0.7},
        "beats_length": {"value": 0.2, "low": 0.1, "high": 0.3, "better": True},
    }
    names = sorted({row["subset"] for row in rows if row.get("subset")})
    found = {**part, "unread": {}, "subsets": dict.fromkeys(names, part)}
    if act == "no figures":
        found = {"accuracy": 1}
    (out / "figures.json").write_text(json.dumps(found))
    report("done", ["figures.json"])


FAULTS = {
    "too long": "long_prompt",
    "<|": "control_token",
    "no turns": "chat_template",
    "a fault": "of its own",
}


def generate():
    say("start", kind="generate")
    prompts = [json.loads(x) for x in Path(config["options"]["prompts"]).read_text().splitlines()]
    if act == "half a generation":  # one prompt and a half, and the beginning of a line
        n = config["options"]["n"]
        said = {"text": "early", "finish_reason": "stop", "num_tokens": 3}
        rows = [{"prompt": prompts[at // n]["id"], "index": at % n, **said} for at in range(n + 1)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (out / "partial.jsonl").write_text(text + '{"prompt": "')
        report("failed", error="out of memory")
        sys.exit(71)
    with (out / "responses.jsonl").open("w") as file:
        for prompt in prompts:
            text = prompt["prompt"][-1]["content"]
            faults = [FAULTS[sign] for sign in FAULTS if sign in text]
            if faults:
                file.write(json.dumps({"prompt": prompt["id"], "fault": faults[0]}) + "\n")
                continue
            for index in range(config["options"]["n"]):
                # Every second prompt is answered the same each time.
                text = f"{prompt['id']} {index if int(prompt['id']) % 2 else 0}"
                row = {
                    "prompt": prompt["id"],
                    "index": index,
                    "text": text,
                    "finish_reason": "length" if index == 3 else "stop",
                    "num_tokens": 3,
                }
                if act == "bad row":
                    row["text"] = None
                file.write(json.dumps(row) + "\n")
    report("done", ["responses.jsonl"])


def lm_eval():
    """Each task has half of its examples right; `act` says what goes wrong."""
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
    say("start", kind="lm_eval")
    options = config["options"]
    if act.startswith("exit "):
        code, message = int(act.split()[1]), " ".join(act.split()[2:])
        report("failed", error=message)
        sys.exit(code)
    if act == "crash" or (act == "crash once" and token == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    for step in range(1, (10_000 if act == "long" else 3) + 1):
        say("progress", stage="evaluate", step=step, total=3)
        sys.stdout.write(f"request {step}\n")
        sys.stdout.flush()
        if stopped:
            report("cancelled")
            sys.exit(143)
        time.sleep(0.05)
    with (out / "figures.jsonl").open("w") as file:
        for task in options["tasks"].split(","):
            line = {
                "task": task, "is_part": False, "n": options.get("limit", 24), "few_shot": 0,
                "version": "1.0", "examples": "ab" * 32, "harness": "0.4.13",
                "metric": "acc", "filter": "none", "value": 0.5, "stderr": 0.1,
                "higher_is_better": True,
            }  # fmt: skip
            if task == "concord_letters":  # as that of ours: any size, and no error in closed form
                line |= {"metric": "word_perplexity", "value": 4321.0, "stderr": None}
                line["higher_is_better"] = False
            if act == "bad figure":
                line["value"] = None
            file.write(json.dumps(line) + "\n")
    report("done", ["figures.jsonl"], counts={"read": 24, "kept": 24, "cut": 2, "dropped": {}})
