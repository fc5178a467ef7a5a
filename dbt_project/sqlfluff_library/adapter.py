"""Name of a macro -> stand-in that renders as plain SQL, so that models can be linted without dbt."""

from collections.abc import Callable


def dispatch(name: str, package: str | None = None) -> Callable[..., str]:
    """What dbt's `adapter.dispatch` returns, for the linter's eyes: a function call, or rows with an alias."""

    def call(*arguments: object) -> str:
        if name in ("split_rows", "split_places", "json_rows"):
            return f"unnest({arguments[0]}) as {arguments[-1]}"
        if name == "known_time_zones":
            return "('UTC')"
        return f"{name}({', '.join(str(argument) for argument in arguments if isinstance(argument, str))})"

    return call
