"""`python -m fusepay_service`: serve, or give a user a role beside a running service."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress

import fusepay
import uvicorn

from fusepay_service import logs
from fusepay_service.app import create_app
from fusepay_service.opening import open_engine
from fusepay_service.settings import Settings, SettingsError, read


def main(words: list[str]) -> int:
    """Run one command; answer the exit status."""
    parser = argparse.ArgumentParser(prog="fusepay_service", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve until told to stop (the default)")
    role = commands.add_parser("set-role", help="give a user another role")
    role.add_argument("email")
    role.add_argument(
        "role", choices=[role.value for role in fusepay.Role if role is not fusepay.Role.SYSTEM]
    )
    arguments = parser.parse_args(words)
    try:
        settings = read(os.environ)
        if arguments.command == "set-role":
            return _set_role(settings, arguments.email, fusepay.Role(arguments.role))
        return _serve(settings)
    except (SettingsError, fusepay.FusePayError) as refusal:
        sys.stderr.write(f"fusepay_service: {refusal}\n")
        return 2


def _serve(settings: Settings) -> int:
    logs.install(settings)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        # Ours names routes; uvicorn's would name addresses with their queries.
        access_log=False,
        log_config=None,
        server_header=False,
    )
    server = uvicorn.Server(config)
    # It ends cleanly on Ctrl-C, and then raises what it was ended by.
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1


def _set_role(settings: Settings, email: str, role: fusepay.Role) -> int:
    engine = open_engine(settings)
    try:
        page = engine.auth.search_users(email, limit=50)
        user = next((user for user in page.users if user.email == email.lower()), None)
        if user is None:
            sys.stderr.write("fusepay_service: there is no such user\n")
            return 1
        engine.auth.set_role(user.id, role)
        sys.stdout.write(f"{user.email} is {role.value} now, and has to log in again\n")
        return 0
    finally:
        engine.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
