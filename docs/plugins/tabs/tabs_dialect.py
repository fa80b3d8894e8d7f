from diffsmooth_core.exchange.dialects import Dialect


def yes_or_no(cells):
    """The column `correct` with yes and no; None for any other log."""
    return [cell == "yes" for cell in cells] if set(cells) <= {"yes", "no"} else None


DIALECT = Dialect("tabs", frozenset({"certified"}), yes_or_no, radius="certified")
