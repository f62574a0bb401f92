"""Stands in for Dagger's library: prints what it is asked for, and ends with 5, as a failed rollback does."""

import contextlib
import types

ReturnType = types.SimpleNamespace(ANY="ANY")
Config = types.SimpleNamespace


class Call:
    """Any chain of calls."""

    def __getattr__(self, name):
        if name in ("exit_code", "contents"):

            async def end():
                return 5 if name == "exit_code" else "ROLLBACK_OUTCOME=already-rolled-back"

            return end

        def call(*arguments, **named):
            # The text of a secret goes in here, and nowhere else.
            print(name, *(arguments[:1] if name == "set_secret" else arguments), *named.values())
            return "a secret" if name == "set_secret" else Call()

        return call


dag = Call()


@contextlib.asynccontextmanager
async def connection(config):
    yield
