"""The layers, and the rules of the house that can be read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORE = ROOT / "diffsmooth_core"

# A unit of diffsmooth_core imports from the layers before its own; "__init__" is the public interface.
LAYERS = [
    {"plugins", "wording"},
    {"caching", "config", "paths", "version", "markup"},
    {"statistics", "datasets"},
    {"layers"},
    {"purification"},
    {"classifiers"},
    {"certification"},
    {"zoo", "theory", "attacks"},
    {"smoothed"},
    {"__init__"},
    {"experiments"},
    {"runs", "training", "benchmarking"},
    {"exchange", "analysis", "figures"},
    {"reporting"},
    {"cli"},
    {"__main__"},
]
ONLY_FOR = {
    "datasets": {"training", "runs", "exchange", "analysis", "reporting", "cli"},
    "training": {"cli"},
    "benchmarking": {"cli"},
}
LAYER = {name: depth for depth, names in enumerate(LAYERS) for name in names}

INTERFACE = {"streamlit", "plotly", "altair", "ui", "pages", "app"}
GLOBAL_RANDOMNESS = {
    "torch.manual_seed",
    "torch.seed",
    "torch.cuda.manual_seed",
    "torch.cuda.manual_seed_all",
    "torch.random.manual_seed",
    "torch.mps.manual_seed",
    "np.random.seed",
    "random.seed",
}
DRAWS = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}
DRAWS_WITHOUT_GENERATOR = {"rand_like", "randn_like", "randint_like"}
DRAWS_IN_PLACE = {"normal_", "uniform_", "bernoulli_", "exponential_"}
FROM_OUTSIDE = {"pickle", "joblib", "dill", "marshal", "shelve"}


def sources(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def unit(path: Path) -> str:
    """The package (or module) of diffsmooth_core that a file belongs to."""
    return path.relative_to(CORE).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, `from a.b import c` as a.b.c."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            prefix = ".".join(part for part in (base, node.module) if part)
            yield from ((node.lineno, f"{prefix}.{alias.name}") for alias in node.names)


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_unit_of_the_core_has_its_place_in_the_layers() -> None:
    assert {unit(path) for path in sources(CORE)} <= set(LAYER)


def test_no_arrow_points_back() -> None:
    wrong = []
    for path in sources(CORE):
        importer = unit(path)
        for line, name in imports(path):
            root, *rest = name.split(".")
            target = rest[0] if rest and rest[0] in LAYER else "__init__"
            if root != "diffsmooth_core" or target == importer:
                continue
            if LAYER[target] >= LAYER[importer] or importer not in ONLY_FOR.get(target, {importer}):
                wrong.append(f"{place(path, line)} imports {name}")
    assert not wrong


def test_nothing_knows_what_stands_above_it() -> None:
    wrong = [
        f"{place(path, line)} imports {name}"
        for folder, above in ((CORE, INTERFACE), (ROOT / "ui", {"pages", "app"}))
        for path in sources(folder)
        for line, name in imports(path)
        if name.split(".")[0] in above and not (path == CORE / "figures.py" and name.startswith("plotly"))
    ]
    assert not wrong


def test_statistics_needs_numpy_and_scipy_alone() -> None:
    foreign = {"torch", "torchvision", "timm", "pandas", "PIL", "skimage", "huggingface_hub", "safetensors"}
    wrong = [
        f"{place(path, line)} imports {name}"
        for path in sources(CORE / "statistics")
        for line, name in imports(path)
        if name.split(".")[0] in foreign
    ]
    assert not wrong


def test_pages_are_thin() -> None:
    pages = sources(ROOT / "pages")
    app = ROOT / "app.py"
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*pages, app]
        if (lines := len(path.read_text().splitlines())) >= (60 if path == app else 120)
    }
    assert not long
    mathematics = {"torch", "numpy", "scipy", "math", "statistics", "timm"}
    wrong = [
        f"{place(path, line)} imports {name}"
        for path in pages
        for line, name in imports(path)
        if name.split(".")[0] in mathematics
    ]
    assert not wrong


def test_no_page_needs_another_one() -> None:
    """What two pages need stands in a file that all share; only the server loads pages beforehand."""
    pages = {path.stem for path in sources(ROOT / "pages")}
    wrong = []
    for path in sources(ROOT / "ui"):
        importer = path.relative_to(ROOT / "ui").parts[0]
        for line, name in imports(path):
            root, _, rest = name.partition(".")
            page = rest.partition(".")[0]
            if root == "ui" and page in pages - {importer} and importer != "server.py":
                wrong.append(f"{place(path, line)} imports {name}")
    assert not wrong


def test_session_state_keys_live_in_ui() -> None:
    wrong = [
        place(path, node.lineno)
        for path in [*sources(ROOT / "pages"), ROOT / "app.py"]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "session_state"
    ]
    assert not wrong


def test_nothing_private_of_streamlit_is_used() -> None:
    """What Streamlit documents is reached by `import streamlit as st` alone; these packages are its own. Only
    to let go of an uploaded file there is no documented way."""
    private = ("streamlit.runtime", "streamlit.elements", "streamlit.components", "streamlit.proto")
    wrong = [
        f"{place(path, line)} imports {name}"
        for path in [*sources(ROOT / "ui", ROOT / "pages"), ROOT / "app.py"]
        for line, name in imports(path)
        if name.startswith(private) and path != ROOT / "ui" / "uploads.py"
    ]
    assert not wrong


def test_every_chart_has_its_numbers_and_can_be_saved() -> None:
    """Charts go through ui/components/figure, which puts both below them."""
    wrong = [
        place(path, call.lineno)
        for path in sources(ROOT / "pages", ROOT / "ui")
        for name, call in calls(path)
        if name.endswith("_chart") and name.startswith("st.") and path.parent.name != "figure"
    ]
    assert not wrong


def test_commands_print_nothing_that_a_terminal_acts_on() -> None:
    """They print through cli/output, as names come from files of others."""
    wrong = [
        place(path, call.lineno)
        for path in sources(CORE / "cli")
        for name, call in calls(path)
        if name in ("print", "click.echo", "click.secho") and path.name != "output.py"
    ]
    assert not wrong


def test_no_global_random_state() -> None:
    """Noise is keyed or comes from a generator that the caller seeded. Training starts from a seed."""
    wrong = []
    for path in sources(CORE):
        if unit(path) == "training":
            continue
        for name, call in calls(path):
            module, _, function = name.replace("numpy.", "np.").rpartition(".")
            keyed = any(keyword.arg == "generator" for keyword in call.keywords)
            if (
                f"{module}.{function}" in GLOBAL_RANDOMNESS
                or (module == "torch" and function in DRAWS and not keyed)
                or function in DRAWS_WITHOUT_GENERATOR
                or (function in DRAWS_IN_PLACE and not keyed)
                or (
                    module in {"np.random", "numpy.random"}
                    and function.islower()
                    and function != "default_rng"
                )
                or (function == "default_rng" and not call.args)
            ):
                wrong.append(f"{place(path, call.lineno)} calls {name}")
    assert not wrong


def test_the_caller_chooses_the_device() -> None:
    wrong = [
        f"{place(path, call.lineno)} calls {name}"
        for path in sources(CORE)
        for name, call in calls(path)
        if name.endswith(".cuda") or name in {"torch.set_default_device", "torch.set_default_dtype"}
    ]
    assert not wrong


def test_nothing_from_outside_is_executed() -> None:
    wrong = []
    for path in sources(CORE, ROOT / "ui", ROOT / "pages"):
        wrong += [
            f"{place(path, line)} imports {name}"
            for line, name in imports(path)
            if name.split(".")[0] in FROM_OUTSIDE
        ]
        for name, call in calls(path):
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            if (
                (name == "torch.load" and options.get("weights_only") != "True")
                or name in {"eval", "exec", "os.system", "pd.read_pickle", "pandas.read_pickle", "yaml.load"}
                or options.get("allow_pickle", "False") != "False"
                or options.get("shell", "False") != "False"
                or options.get("trust_remote_code", "False") != "False"
                or options.get("unsafe_allow_html", "False") != "False"
                or options.get("unsafe_allow_javascript", "False") != "False"
            ):
                wrong.append(f"{place(path, call.lineno)} calls {name}")
    assert not wrong


def test_no_file_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc"}
    assert not [p for p in sources(CORE, ROOT / "ui", ROOT / "pages", ROOT / "tests") if p.stem in drawers]


def test_tests_mirror_the_core() -> None:
    """Every unit with code has tests in a folder (or file) of its name, and no folder is left over."""
    units = {unit(path) for path in sources(CORE) if path.stem != "__init__"} - {"__main__"}
    folders = {p.name for p in (ROOT / "tests").iterdir() if p.is_dir() and sources(p)}
    files = {p.stem.removeprefix("test_") for p in (ROOT / "tests").glob("test_*.py")}
    assert units <= folders | files, f"without tests: {sorted(units - folders - files)}"
    assert folders <= units | {"browser", "deploy", "ui"}, f"of nothing: {sorted(folders - units)}"
