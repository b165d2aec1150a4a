"""Every call of one namespace, what came of it, and what should have."""

import html
import re
from collections import Counter
from contextlib import contextmanager, nullcontext
from datetime import timedelta

from django.db import connection, transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from annotation.accounts.models import ApiToken, Session
from tests.annotation.projects.matrix.caller import body_of
from tests.annotation.projects.matrix.routes import METHODS, PUBLIC, SIGNED_IN, UNSAFE, Route
from tests.annotation.projects.matrix.tables import Tables
from tests.annotation.projects.matrix.world import ABSENT, CANARY, FIXED, World

NO_ROW = 2**31 - 7
CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": "[^"]*"')
# Nobody learns from an answer that there is such a thing.
ALIKE = [
    ("other project", "absent"),
    ("other project's, in ours", "absent in ours"),
    ("same project", "absent in ours"),  # where it is somebody else's
    ("same project", "absent"),
]
ONE_OF_EACH = ("anonymous", "labeler", "lead", "site admin", "read token")
# A method that nobody may use is refused before anybody looks who asks.
OUTSIDE_AND_INSIDE = ("anonymous", "lead", "read token")
# Refused to whom GET is refused, and tried once where it is open: GET showed it to each of them.
LIKE_GET = ("HX", "HEAD", "OPTIONS")
YES, SIGN_IN, NOT_ALLOWED = "allowed", "sign in", "405"


@contextmanager
def undone():
    """What happens inside is taken back: the next call finds the world as it was."""
    with transaction.atomic() as atomic:
        connection.atomic_blocks[-1]._from_testcase = True  # durable blocks may begin inside
        try:
            yield atomic
        finally:
            transaction.set_rollback(True)


class Walk:
    def __init__(self):
        self.world, self.tables = World(), Tables()
        # A token keeps when it was last used, and a session when it was last seen, to within
        # minutes: on a slow machine that would be a write of the walk itself.
        later = timezone.now() + timedelta(hours=1)
        ApiToken.objects.update(last_used_at=later)
        Session.objects.update(seen_at=later)
        self.counts = Counter()
        self.hashes = self.tables.hashes()
        self.untouched = self.tables.of_project(self.world.other.project.pk)
        self.written = self.tables.written()

    def objects(self, address, route: Route) -> dict[str, tuple]:
        """Object → (its place, the values of the address), of the kinds that there can be."""
        names = address.kwargs | set(re.findall(r"{(\w+)}", str(route.sends)))
        names -= set(FIXED)
        shop, other = self.world.shop, self.world.other
        if not names:
            return {"none": (None, {})}
        if route.own:
            found = {"own": (shop, None), "same project": (shop, shop.ids)}
        else:
            found = {"same project": (shop, shop.ids)}
        found["other project"] = (other, other.ids)
        found["absent"] = (None, {})
        if "slug" in names and len(names) > 1:
            here = {"slug": shop.ids["slug"]}
            found["other project's, in ours"] = (None, other.ids | here)
            found["absent in ours"] = (None, here)
        return found

    def asking(self, route, declared, method):
        """Who asks: all of them where roles or tokens make a difference, else one of each sort."""
        if not declared:
            return [actor for actor in self.world.actors if actor.name in OUTSIDE_AND_INSIDE]
        by_role = route.own or route.may not in (PUBLIC, SIGNED_IN)
        if not by_role or method in LIKE_GET:
            return [actor for actor in self.world.actors if actor.name in ONE_OF_EACH]
        return [
            actor
            for actor in self.world.actors
            if route.is_api or not actor.is_program or actor.name in ONE_OF_EACH
        ]

    def path(self, address, route, actor, values):
        """None where this actor has no such object."""
        if values is None:
            values = {**self.world.shop.ids, **actor.own}
            if not actor.own:
                return None, None
        known = {**self.absent_ids(), **ABSENT, **FIXED, **values}
        lacking = {route.kwargs.get(name, name) for name in address.kwargs} - set(known)
        assert not lacking, f"{address.name}: matrix/world.py makes no {', '.join(lacking)} yet"
        wanted = {name: known[route.kwargs.get(name, name)] for name in address.kwargs}
        try:
            path = reverse(address.name, kwargs=wanted)
        except NoReverseMatch:  # an address that only one project has
            return None, None
        # Whatever a body says of a project, the address decides.
        body = {"project": self.world.other.ids["slug"]}
        body |= {key: str(value).format(**known) for key, value in route.sends.items()}
        return path + route.query, body

    def absent_ids(self):
        ids = {**self.world.shop.ids, **self.world.actors[1].own}
        return {name: NO_ROW for name, value in ids.items() if isinstance(value, int)}

    def expected(self, route, declared, actor, kind, place) -> str:
        if route.may == PUBLIC:
            return YES if declared else NOT_ALLOWED
        is_somebody = actor.user is not None and (route.is_api or not actor.is_program)
        if not is_somebody:
            return "401" if route.is_api else SIGN_IN
        if not declared:
            return NOT_ALLOWED
        if route.may == SIGNED_IN and not route.own:
            return YES
        if route.is_shared and actor.is_site_admin and kind == "other project's, in ours":
            return YES
        if kind not in ("none", "own", "same project", "other project"):
            # Where the project is ours, a missing right is told before anything is looked for.
            is_ours = kind.endswith("in ours") and self.is_open(route, actor, self.world.shop)
            return "403" if is_ours and actor.lacks_right(route.may) else "404"
        if (route.own and kind != "own") or not self.is_open(route, actor, place):
            return "404"
        return "403" if actor.lacks_right(route.may) else YES

    @staticmethod
    def is_open(route, actor, place) -> bool:
        return route.may == SIGNED_IN or actor.may(route.may, place)

    def of(self, address, table) -> list[str]:
        """Every call of one address. What was not as expected, in words."""
        problems = []
        for method in METHODS:
            route = table.get((address.name, method))
            declared = route is not None
            if not declared:
                route = next(row for (name, _), row in table.items() if name == address.name)
            objects = self.objects(address, route)
            if not declared:  # refused before anybody looks at what was asked for
                objects = dict([next(iter(objects.items()))])
            elif method in LIKE_GET:
                objects = {kind: objects[kind] for kind in objects if "absent" not in kind}
            if method == "HX" and not declared:
                continue
            was_open = False
            for actor in self.asking(route, declared, method):
                answers = {}
                for kind, (place, values) in objects.items():
                    path, body = self.path(address, route, actor, values)
                    if path is None:
                        continue
                    wanted = self.expected(route, declared, actor, kind, place)
                    if wanted == YES and method in LIKE_GET:
                        if was_open:
                            continue
                        was_open = True
                    call = f"{method} {path} as {actor.name} ({kind})"
                    problem, answer = self.call(route, method, actor, path, body, wanted)
                    if problem:
                        problems.append(f"{call}: {problem}")
                    if answer is not None and wanted == "404":
                        answers[kind] = answer
                problems += [
                    f"{method} {address.name} as {actor.name}: {one} and {other} differ"
                    for one, other in ALIKE
                    if one in answers and answers[one] != answers.get(other, answers[one])
                ]
        return problems

    def call(self, route, method, actor, path, body, wanted):
        self.counts["calls"] += 1
        self.counts["allowed" if wanted == YES else "denied"] += 1
        with undone() if wanted == YES else nullcontext():
            response = actor.caller.call(method, path, body, is_api=route.is_api)
            content = body_of(response)
            written, self.written = self.written, self.tables.written()
            has_written = self.written != written
            problem = self.problem(route, method, response, wanted)
            if problem is None and wanted != YES and has_written:
                problem = self.difference()
            if problem is None and wanted == YES:
                problem = self.leak(method, actor, path, content, has_written)
        names = [path, *map(str, body.values())]
        return problem, (response.status_code, without_names(content, names))

    def problem(self, route, method, response, wanted):
        status = response.status_code
        is_sign_in = status == 302 and response.headers["Location"].startswith("/sign-in/?next=")
        if wanted == YES:
            if route.gives:
                fits = status in route.gives
            elif method in ("GET", "HX"):
                fits = status == 200
            elif method in ("HEAD", "OPTIONS"):
                fits = status in (200, 405)
            else:
                fits = status < 500 and status not in (401, 403, 404, 405) and not is_sign_in
        elif wanted == SIGN_IN:
            fits = is_sign_in
        elif method in ("HEAD", "OPTIONS") and wanted == NOT_ALLOWED:
            fits = status in (200, 405)
        elif method == "HEAD":
            fits = str(status) in (wanted, NOT_ALLOWED)
        else:
            fits = str(status) == wanted
        return None if fits else f"{wanted} expected, {status} came"

    def difference(self):
        """A denied call wrote: is anything different now?"""
        self.counts["hashed"] += 1
        now = self.tables.hashes()
        changed = [name for name in now if now[name] != self.hashes[name]]
        self.hashes = now  # so that one such call is told once
        return f"denied, yet it changed {', '.join(changed)}" if changed else None

    def leak(self, method, actor, path, content, has_written):
        """Of the other project nothing is shown to strangers, and nothing of it is changed."""
        other = self.world.other
        if actor.sees(other):
            return None
        if method in UNSAFE:
            if has_written and self.tables.of_project(other.project.pk) != self.untouched:
                return "it changed rows of another project"
        elif CANARY not in path and CANARY.encode() in content.lower():
            return "it shows something of another project"
        return None


def without_names(content: bytes, names: list[str]) -> bytes:
    """An answer without what was asked for and the form's token: the rest is the same for all."""
    for name in filter(lambda name: len(name) > 6, names):
        for written in (name, html.escape(name)):
            content = content.replace(written.encode(), b"")
    return CSRF.sub(b"", content)
