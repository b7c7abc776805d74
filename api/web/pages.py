"""Renders pages: templates, the language and theme of the reader, and how things are written."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from api.config import Config
from api.sizes import size_text
from api.web import formats
from api.web.assets import Assets
from api.web.changes import changes_of
from api.web.locale import LANGUAGES, has_text, translate
from api.web.return_address import return_address
from api.web.told_values import told_of
from custody.access import RIGHTS, Right

LANGUAGE_COOKIE = "liuhen_language"
THEME_COOKIE = "liuhen_theme"
THEMES = ("light", "dark")
#: What was just done, for the next page to say once.
DONE_COOKIE = "liuhen_done"
DONE = (
    "linked",
    "linked_some",
    "linked_before",
    "stage_changed",
    "unlinked",
    "assigned",
    "assigned_nothing",
    "assigned_many",
    "assigned_some",
    "assigned_before",
    "case_changed",
    "case_unchanged",
)
#: Parameters that open something; they have no place on paper.
_SECRETS = frozenset({"viewing", "listing", "download"})


class Pages:
    """The templates of one application. Safe to share between threads."""

    def __init__(self, config: Config, assets: Assets) -> None:
        self.config = config
        self.assets = assets
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("api.web", "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            {
                "asset": assets.address,
                "bureau": config.bureau,
                "local_time": self._local_time,
                "local_span": self._local_span,
                "utc_time": formats.utc_time,
                "size": size_text,
                "grouped": formats.grouped,
                "duration": formats.duration,
                "file_name": formats.file_name,
                "visible_text": formats.visible_text,
                "changes_of": changes_of,
                "told_of": told_of,
                "hash_text": formats.hash_text,
                "plain_name": formats.plain_name,
                "digest_groups": formats.digest_groups,
                "digest_in_full": formats.digest_in_full,
                "has_text": has_text,
                "address": address,
                "Right": Right,
            }
        )

    def render(
        self, request: Request, template: str, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """The page for whoever asks, in their language and theme."""
        language = language_of(request, self.config)
        person = getattr(request.state, "person", None)

        def text(key: str, **values: object) -> str:
            return translate(language, key, **values)

        done, counts = _read_done(request.cookies.get(DONE_COOKIE, ""))
        said = bool(done) and "hx-request" not in request.headers
        html = self._environment.get_template(template).render(
            {
                "t": text,
                "language": language,
                "theme": theme_of(request),
                "here": return_address(request),
                "path": request.url.path,
                "person": person,
                "rights": RIGHTS[person.actor.role] if person else frozenset(),
                "csrf": _csrf_field(person.session.csrf_token) if person else "",
                "now": request.app.state.services.clock.now(),
                "done": done if said else "",
                "counts": counts,
                "printed_from": _without_secrets(request),
                "search_text": request.query_params.get("text", ""),
                **context,
            }
        )
        response = HTMLResponse(html, status, headers={"Vary": "Cookie"})
        if said:
            response.delete_cookie(DONE_COOKIE)
        return response

    def _local_time(self, moment: datetime) -> str:
        return formats.local_time(moment, self.config.zone)

    def _local_span(self, begin: datetime, end: datetime) -> str:
        return formats.local_span(begin, end, self.config.zone)


def _csrf_field(token: str) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


def _without_secrets(request: Request) -> str:
    kept = [(name, value) for name, value in request.query_params.items() if name not in _SECRETS]
    return request.url.path + (f"?{urlencode(kept)}" if kept else "")


def go_back(target: str, done: str, **counts: int) -> RedirectResponse:
    """On to ``target``, a path of ours, where the page says that ``done`` was done, how often."""
    response = RedirectResponse(local_path(target), 303)
    value = ".".join([done, *(f"{name}-{count}" for name, count in counts.items())])
    response.set_cookie(DONE_COOKIE, value, max_age=60, httponly=True, samesite="lax")
    return response


def _read_done(cookie: str) -> tuple[str, dict[str, str]]:
    """What `go_back` wrote: what was done, and the counts of its text; nothing where it did not."""
    found = re.fullmatch(r"([a-z_]+)((?:\.[a-z]+-\d{1,9})*)", cookie)
    if found is None or found[1] not in DONE:
        return "", {}
    return found[1], dict(re.findall(r"\.([a-z]+)-(\d+)", found[2]))


def language_of(request: Request, config: Config) -> str:
    """The reader's choice, else the bureau's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else config.language


def theme_of(request: Request) -> str:
    """``light``, ``dark``, or nothing: as the reader's system has it."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def address(path: str, parameters: Mapping[str, object], **changes: object) -> str:
    """``path`` with ``parameters`` and ``changes`` over them; empty ones are left out.

    A list stands under its name as often as it has values.
    """
    merged = {**parameters, **changes}
    kept = {name: value for name, value in merged.items() if value not in (None, "")}
    query = urlencode(kept, doseq=True)
    return f"{path}?{query}" if query else path


def parameters_of(request: Request, *names: str) -> dict[str, str]:
    """What the address asks for under ``names``, empty where it says nothing; for `address`."""
    return {name: request.query_params.get(name, "") for name in names}


def local_path(target: str) -> str:
    """``target`` if it is a path on this host, else the home page; no link leads away from here."""
    if target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable():
        return target
    return "/"
