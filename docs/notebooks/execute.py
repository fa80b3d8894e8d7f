"""Run the notebooks of this folder and keep what their cells show: `python docs/notebooks/execute.py`.

A cell's last expression is shown as HTML where it has `_repr_html_`, and as text, as in Jupyter, which it
does not need.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOTEBOOKS = sorted(HERE.glob("*.ipynb"))


def executed(path: Path) -> dict[str, Any]:
    """The notebook with every code cell run, in order, in one namespace, and its outputs."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    namespace: dict[str, Any] = {"__name__": "__main__"}
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            value = _run("".join(cell["source"]), f"{path.name}, cell {count}", namespace)
            cell["execution_count"] = count
            cell["outputs"] = [] if value is None else [_shown(value, count)]
    return notebook


def _run(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Run a cell; the value of its last expression, None where it ends with a statement."""
    *statements, last = ast.parse(source, name).body
    if not isinstance(last, ast.Expr):
        statements.append(last)
    exec(compile(ast.Module(statements, []), name, "exec"), namespace)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), name, "eval"), namespace)


def _shown(value: Any, count: int) -> dict[str, Any]:
    html = getattr(value, "_repr_html_", None)
    data = {"text/plain": [repr(value)]}
    if html:
        data = {"text/plain": [f"<{type(value).__name__}>"], "text/html": [html()]}
    return {"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data}


if __name__ == "__main__":
    for path in NOTEBOOKS:
        path.write_text(json.dumps(executed(path), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
