"""
On which pages are accounts, tokens and the record looked at and changed?
"""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.accounts.refusals import CannotDo, NotSignedIn, TooSoon
from watchkeeper.act.accounts.roles import SCOPES
from watchkeeper.act.accounts.tokens import TokenWish
from watchkeeper.measure.values import Rejection
from watchkeeper.web.cookies import give
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.pages_signing import STATUS, address_of, agent_of
from watchkeeper.web.views.accounts import LASTS, account_view, accounts_view, audit_view, tokens_view
from watchkeeper.web.visitors import visitor_of

#: What the button beside an account says, and what it changes.
SWITCHES: Final = {"disable": True, "enable": False}


class AccountPages:
    """
    One's own account, all accounts, tokens, and the record.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch, self._accounts = kit, kit.watch, kit.watch.accounts

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/account", self._account, methods=["GET"]),
            Route("/account/password", self._kit.form(self._password), methods=["POST"]),
            Route("/account/elsewhere", self._kit.form(self._elsewhere), methods=["POST"]),
            Route("/accounts", self._all, methods=["GET"]),
            Route("/accounts", self._kit.form(self._add), methods=["POST"]),
            Route("/accounts/{name}", self._kit.form(self._change), methods=["POST"]),
            Route("/tokens", self._tokens, methods=["GET"]),
            Route("/tokens", self._kit.form(self._make), methods=["POST"]),
            Route("/tokens/{number:int}/revoke", self._kit.form(self._revoke), methods=["POST"]),
            Route("/audit", self._audit, methods=["GET"]),
        ]

    # --- one's own

    def _account(self, request: Request) -> Response:
        return self._kit.render(request, "account.html", account_view(self._watch, visitor_of(request)))

    def _password(self, request: Request, fields: dict[str, str]) -> Response:
        visitor = visitor_of(request)
        try:
            if fields.get("new", "") != fields.get("again", ""):
                raise CannotDo("found two different passwords; wanted the same one twice")
            begun = self._accounts.change_password(
                visitor,
                old=fields.get("old", ""),
                new=fields.get("new", ""),
                agent=agent_of(request),
                address=address_of(request),
            )
        except (NotSignedIn, TooSoon, CannotDo) as why:
            view = account_view(self._watch, visitor, why=str(why))
            return self._kit.render(request, "account.html", view, status=STATUS[type(why)])
        response = RedirectResponse("/account", status_code=303)
        give(response, self._kit.doors, begun.cookie)
        return response

    def _elsewhere(self, request: Request, _fields: dict[str, str]) -> Response:
        self._accounts.sign_out_elsewhere(visitor_of(request))
        return RedirectResponse("/account", status_code=303)

    # --- all of them

    def _all(self, request: Request) -> Response:
        return self._kit.render(request, "accounts.html", accounts_view(self._watch))

    def _add(self, request: Request, fields: dict[str, str]) -> Response:
        try:
            self._accounts.add(
                visitor_of(request),
                name=fields.get("name", ""),
                role=fields.get("role", ""),
                person=fields.get("person", ""),
                password=fields.get("password", ""),
            )
        except CannotDo as why:
            written = {key: fields.get(key, "") for key in ("name", "role", "person")}
            view = accounts_view(self._watch, written=written, why=str(why))
            return self._kit.render(request, "accounts.html", view, status=400)
        return RedirectResponse("/accounts", status_code=303)

    def _change(self, request: Request, fields: dict[str, str]) -> Response:
        changes: dict[str, Any] = {key: fields[key] for key in ("role", "person") if key in fields}
        if fields.get("password"):
            changes["password"] = fields["password"]
        if fields.get("switch") in SWITCHES:
            changes["disabled"] = SWITCHES[fields["switch"]]
        try:
            self._accounts.change(visitor_of(request), request.path_params["name"], **changes)
        except KeyError:
            return self._kit.missing(request)
        except CannotDo as why:
            view = accounts_view(self._watch, why=str(why))
            return self._kit.render(request, "accounts.html", view, status=400)
        return RedirectResponse("/accounts", status_code=303)

    # --- tokens

    def _tokens(self, request: Request) -> Response:
        return self._kit.render(request, "tokens.html", tokens_view(self._watch, visitor_of(request)))

    def _make(self, request: Request, fields: dict[str, str]) -> Response:
        visitor = visitor_of(request)
        _, lasts = LASTS.get(fields.get("lasts", ""), LASTS["1y"])
        wish = TokenWish(
            name=fields.get("name", ""),
            scopes=[scope for scope in SCOPES if f"scope-{scope}" in fields],
            lasts=lasts,
            own="shared" not in fields,
        )
        try:
            made = self._accounts.make_token(visitor, wish)
        except CannotDo as why:
            view = tokens_view(self._watch, visitor, written=fields, why=str(why))
            return self._kit.render(request, "tokens.html", view, status=403 if why.forbidden else 400)
        view = tokens_view(self._watch, visitor, made=made, base=self._kit.doors.base)
        return self._kit.render(request, "tokens.html", view)

    def _revoke(self, request: Request, _fields: dict[str, str]) -> Response:
        try:
            self._accounts.revoke_token(visitor_of(request), request.path_params["number"])
        except KeyError:
            return self._kit.missing(request)
        except CannotDo:
            pass  # it was revoked before: what was wanted holds
        return RedirectResponse("/tokens", status_code=303)

    # --- the record

    def _audit(self, request: Request) -> Response:
        asked = request.query_params
        before, outcome = asked.get("before", ""), asked.get("outcome", "")
        if before and not (before.isascii() and before.isdigit() and len(before) < 18):
            return self._kit.refused(request, Rejection(status=400, why=f"found {before[:40]!r}; wanted a number"))
        view = audit_view(
            self._watch,
            before=int(before) if before else None,
            who=asked.get("who", "").strip()[:100],
            outcome=outcome if outcome in ("done", "refused") else "",
        )
        return self._kit.render(request, "audit.html", view)
