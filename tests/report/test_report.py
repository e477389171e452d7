"""The report of a run folder: what it says, and how it behaves in a real browser."""

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from helpers.sealed import seal

from unrolled.errors import RunError
from unrolled.report import charts, ticks
from unrolled.runs.card import SCHEMA
from unrolled.tasks import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EVIL = "<script>alert(1)</script>"
KOREAN = "서울 기온"


def panel(series: str, cutoff: str, target: str = "temp") -> dict[str, Any]:
    """A week and a day of hourly temperature in °F, with a daily rhythm and one missing truth."""
    rng = np.random.default_rng(sum(map(ord, series + cutoff)))
    hours = np.datetime64(cutoff, "h") + np.arange(-168, 24)
    clock = hours.astype("int64") % 24
    truth = 44 + 7 * np.sin((clock - 9) / 24 * 2 * np.pi) + rng.normal(0, 0.9, 192).cumsum() * 0.7
    miss = rng.normal(0, 0.5, 24).cumsum()
    forecast, spread = truth[168:] + miss, 3 + 0.25 * np.arange(24)
    times = [str(hour).replace("T", " ") + ":00" for hour in hours]
    seen = [round(float(value), 2) for value in truth]
    return {
        "series": series,
        "target": target,
        "past_time": times[:168],
        "past": [*seen[:150], None, *seen[151:168]],
        "time": times[168:],
        "truth": [*seen[168:175], None, *seen[176:]],
        "forecast": forecast.round(2).tolist(),
        "lo": (forecast - spread).round(2).tolist(),
        "hi": (forecast + spread).round(2).tolist(),
        "level": 90,
        "baselines": {
            "linear": (forecast + rng.normal(0, 0.4, 24).cumsum()).round(2).tolist(),
            "seasonal naive": truth[144:168].round(2).tolist(),
        },
    }


def results() -> dict[str, Any]:
    steps = np.arange(1, 25)
    curve = {
        "LSTM": 1.1 + 4.4 * (1 - np.exp(-steps / 9)),
        "linear": 1.2 + 4.6 * (1 - np.exp(-steps / 9)),
        "seasonal naive": np.full(24, 7.31),
        "naive": 1.3 + 6.5 * np.sin(steps / 24 * np.pi * 0.8),
    }

    def score(name: str, *values: float | None) -> dict[str, Any]:
        keys = ("mae", "rmse", "smape", "mase", "pinball", "coverage_90", "width_90")
        return dict(zip(keys, values, strict=True), name=name)

    return {
        "task": "forecast",
        "network": "LSTM",
        "targets": ["temp"],
        "horizon": 24,
        "step": "1h",
        "season": 24,
        "test": {"windows": 3849, "from": "2013-11-07 12:00", "to": "2013-12-31 23:00"},
        "table": [
            score("LSTM", 4.08, 5.41, 10.3, 0.62, 1.31, 0.884, 15.9),
            score("linear", 4.28, 5.6, 10.8, 0.65, None, None, None),
            score("seasonal naive", 7.31, 9.4, 18.2, 1.11, None, None, None),
            score("naive", 5.5, 7.27, 13.9, 0.84, None, None, None),
        ],
        "by_step": {name: values.round(3).tolist() for name, values in curve.items()},
        "verdict": "LSTM forecasts temp 24 hours ahead with an error of 4.08 °F: "
        "5 % below the linear map and 44 % below seasonal naive.",
        "panels": [
            panel(series, cutoff)
            for series in ("EWR", "JFK", "LGA")
            for cutoff in ("2013-11-12T06", "2013-12-01T18", "2013-12-24T00")
        ],
    }


def summary() -> dict[str, Any]:
    def role(role: str, why: str) -> dict[str, str]:
        return {"role": role, "why": why}

    return {
        "schema": SCHEMA,
        "task": "forecast",
        "status": "finished",
        "versions": {"unrolled": "0.1.0", "torch": "2.13.0", "numpy": "2.4.6", "python": "3.12.7"},
        "device": "cpu, 2 threads",
        "settings": {
            "model": {"cell": "lstm", "hidden": 64, "layers": 1, "quantiles": [0.05, 0.5, 0.95]},
            "resumed": False,
            "training": {"epochs": 30, "batch": 256, "learning_rate": 0.001, "seed": 0},
        },
        "findings": {
            "source": "nyc-weather",
            "rows": 26115,
            "grid_rows": 26240,
            "series": 3,
            "step": "1h",
            "zone": "UTC",
            "start": "2013-01-01 06:00",
            "end": "2013-12-31 23:00",
            "roles": {
                "time_hour": role("time", "its text reads as time stamps"),
                "origin": role("series", "text; each time stamp comes once per value"),
                "temp": role("target", "named by you"),
                "humid": role("past", "a number, and nothing says it is known ahead"),
                "wind_dir": role("past", "a number, and nothing says it is known ahead"),
            },
            "gaps": {"EWR": 38, "JFK": 41, "LGA": 46},
            "missing": {"temp": 1, "humid": 1, "wind_dir": 460},
            "left_out": {"year": "the time tells it already"},
            "notes": ["3 rows were out of order and have been sorted."],
            "split": {
                "train": {"rows": 18368, "from": "2013-01-01 06:00", "to": "2013-09-13 14:00"},
                "validation": {"rows": 3936, "from": "2013-09-13 15:00", "to": "2013-11-07 11:00"},
                "test": {"rows": 3936, "from": "2013-11-07 12:00", "to": "2013-12-31 23:00"},
            },
        },
    }


def history() -> list[dict[str, Any]]:
    return [
        {
            "epoch": epoch,
            "train_loss": 0.62 * math.exp(-epoch / 3) + 0.21 - 0.004 * epoch,
            "validation_loss": 0.5 * math.exp(-epoch / 2) + 0.245 + 0.0016 * epoch,
            "learning_rate": 0.001 if epoch < 8 else 0.0005,
            "seconds": 3.1,
        }
        for epoch in range(1, 13)
    ]


Change = Callable[[dict[str, Any], dict[str, Any]], None]


def make(folder: Path, change: Change | None = None) -> Path:
    """A run folder like that of the nyc-weather sample; `change` edits its run and results."""
    run, outcome = summary(), results()
    if change:
        change(run, outcome)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "results.json").write_text(json.dumps(outcome))
    lines = "".join(json.dumps(row) + "\n" for row in history())
    (folder / "history.jsonl").write_text(lines)
    seal(folder)
    return folder


def page(folder: Path) -> str:
    return write_report(folder).read_text(encoding="utf-8")


def rename(run: dict[str, Any], outcome: dict[str, Any]) -> None:
    """Put a hostile or a Korean name wherever the user's own words are shown."""
    run["findings"]["roles"] = {EVIL: {"role": "target", "why": EVIL}, KOREAN: {"role": "past"}}
    run["findings"] |= {"missing": {EVIL: 3}, "gaps": {EVIL: 2}, "left_out": {EVIL: EVIL}}
    run["findings"] |= {"notes": [EVIL], "source": EVIL}
    run["settings"]["model"][EVIL] = [EVIL]
    outcome |= {"network": EVIL, "targets": [EVIL, KOREAN], "verdict": EVIL}
    outcome["table"][0]["name"] = EVIL
    outcome["by_step"] = {EVIL if k == "LSTM" else k: v for k, v in outcome["by_step"].items()}
    for shown in outcome["panels"]:
        shown |= {"series": f"{EVIL}\"'", "target": KOREAN}
        shown["baselines"] = {f'{EVIL}"': shown["baselines"]["linear"]}


def lose(run: dict[str, Any], outcome: dict[str, Any]) -> None:
    outcome["table"][0]["mae"], outcome["verdict"] = 4.5, ""


class Outline(HTMLParser):
    """The ids of sections, tags that would load something, and the numbers of tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.scripts = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("section", "header"):
            self.ids.append(given["id"] or "")
        self.scripts += tag == "script"
        self.loads += [f"{tag} {given[key]}" for key in ("src", "srcset", "data") if key in given]
        if tag in ("link", "img", "iframe", "base", "object"):
            self.loads.append(tag)


ALL = ["headline", "forecasts", "errors", "by_step", "training", "data", "settings", "reading"]


def test_a_full_run_gives_every_section_and_loads_nothing(tmp_path: Path) -> None:
    html = page(make(tmp_path / "nyc"))
    outline = Outline(html)
    assert outline.ids == ALL
    assert outline.loads == []
    assert outline.scripts == 1
    assert "url(" not in html
    assert "http://" not in html
    assert "https://" not in html
    assert len(html.encode()) < 1_000_000
    for said in (
        "44 % below seasonal naive",
        "4.08",
        "3,849 windows",
        "best: epoch 10",
        "26,115",
        "resumed",
    ):
        assert said in html


@pytest.mark.parametrize(
    ("kept", "sections"),
    [
        ((), ["headline", "data", "settings", "reading"]),
        (("history.jsonl",), ["headline", "training", "data", "settings", "reading"]),
        (
            ("results.json",),
            ["headline", "forecasts", "errors", "by_step", "data", "settings", "reading"],
        ),
    ],
)
def test_a_section_without_data_is_left_out(
    tmp_path: Path, kept: tuple[str, ...], sections: list[str]
) -> None:
    folder = make(tmp_path)
    for path in folder.iterdir():
        if path.name not in ("run.json", *kept):
            path.unlink()
    seal(folder)
    assert Outline(page(folder)).ids == sections


@pytest.mark.parametrize("key", sorted(results()))
def test_results_without_any_one_key_still_give_a_page(tmp_path: Path, key: str) -> None:
    assert "<h1>" in page(make(tmp_path, lambda run, outcome: outcome.pop(key)))


@pytest.mark.parametrize("key", sorted(panel("EWR", "2013-11-12T06")))
def test_a_panel_without_any_one_key_gives_a_page_or_says_what_is_wrong(
    tmp_path: Path, key: str
) -> None:
    def drop(run: dict[str, Any], outcome: dict[str, Any]) -> None:
        del outcome["panels"][1][key]

    folder = make(tmp_path, drop)
    if key in ("time", "forecast", "past", "past_time"):
        with pytest.raises(RunError, match=r"results\.json is damaged: panels\.1"):
            page(folder)
    else:
        assert "forecasts" in Outline(page(folder)).ids


def test_it_shows_errors_by_series_and_how_intervals_held(tmp_path: Path) -> None:
    def many(run: dict[str, Any], outcome: dict[str, Any]) -> None:
        row = {"series": "EWR", "mae": 4.5, "ratio": 0.61, "mase": 0.9, "best": "LSTM"}
        outcome["by_series"] = {"count": 9, "better": 7, "sizes": 2.0, "rows": [row]}
        outcome["coverage"] = {
            "level": 90,
            "by_step": [0.91, 0.89, None, 0.9],
            "over_time": [
                {"from": "2013-11-07", "share": 0.93},
                {"from": "2013-12-07", "share": 0.8},
            ],
        }

    html = page(make(tmp_path, many))
    ids = Outline(html).ids
    assert ids == [*ALL[:3], "by_series", "by_step", "coverage", *ALL[4:]]
    assert "Better than seasonal naive on 7 of 9 series." in html
    assert "0.61" in html
    assert "A 90 % interval should hold the truth 90 times in 100" in html
    assert "93 %" in html


def test_it_says_when_the_network_loses(tmp_path: Path) -> None:
    html = page(make(tmp_path, lose))
    wanted = "linear has a mean absolute error of 4.28, LSTM 4.50 (5\u00a0% more)."
    assert (
        html.count(f"The network loses here: {wanted}") == 2
    )  # as the verdict, and beside the table
    assert 'class="verdict loses"' in html
    assert "loses here" not in page(make(tmp_path))


def test_each_target_has_its_own_errors(tmp_path: Path) -> None:
    def two(run: dict[str, Any], outcome: dict[str, Any]) -> None:
        lost = [{"name": "LSTM", "mae": 9.0}, {"name": "linear", "mae": 6.0}]
        outcome["targets"] = ["temp", "humid"]
        outcome["by_target"] = {
            "temp": {"table": outcome["table"], "by_step": outcome["by_step"]},
            "humid": {"table": lost, "by_step": {"LSTM": [8.0, 10.0], "linear": [5.0, 7.0]}},
        }

    html = page(make(tmp_path, two))
    assert "Forecast of temp, humid" in html
    assert html.count("<h3>temp</h3>") == html.count("<h3>humid</h3>") == 2
    assert "mean absolute error of 6.00, LSTM 9.00 (50\u00a0% more)" in html
    assert "in the unit of temp<" in html


def test_a_page_of_many_panels_stays_small(tmp_path: Path) -> None:
    def repeat(run: dict[str, Any], outcome: dict[str, Any]) -> None:
        outcome["panels"] *= 60

    html = page(make(tmp_path, repeat))
    assert len(html.encode()) < 1_000_000
    assert re.search(r"\d+ more panels are in results\.json", html)


def test_the_best_of_each_metric_is_marked(tmp_path: Path) -> None:
    html = page(make(tmp_path, lose))
    row = re.search(r'<th scope="row">MAE<.*?</tr>', html, re.DOTALL)
    assert row
    assert re.findall(r'<td class="best"><strong>([\d.]+)<', row[0]) == ["4.28"]


def test_models_that_look_the_same_are_all_the_best(tmp_path: Path) -> None:
    def level(run: dict[str, Any], outcome: dict[str, Any]) -> None:
        outcome["table"][0]["mae"], outcome["table"][1]["mae"] = 4.2961, 4.2974

    html = page(make(tmp_path, level))
    row = re.search(r'<th scope="row">MAE<.*?</tr>', html, re.DOTALL)
    assert row
    assert re.findall(r'<td class="best"><strong>([\d.]+)<', row[0]) == ["4.30", "4.30"]
    assert "less than 1\u00a0% below that of linear, the best baseline: 4.296 against 4.297" in html


def test_names_are_escaped_everywhere(tmp_path: Path) -> None:
    html = page(make(tmp_path / EVIL.replace("/", ""), rename))
    assert Outline(html).scripts == 1
    assert EVIL not in html
    assert KOREAN in html
    assert html.count("&lt;script&gt;alert(1)") > 20


def test_charts_are_well_formed_and_break_where_a_value_is_missing() -> None:
    line = charts.Line("a & b", [1.0, 2.0, None, 3.0, None, 4.0, 5.0], "truth")
    band = charts.Band("<i>", [0.0, None, 1.0], [2.0, 2.0, 3.0], "network", 4)
    svg = charts.band_chart('"quoted" <label>', charts.Axis(7, [(0, "<0>")]), [line], band)
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == '"quoted" <label>'
    (drawn,) = [g for g in root.iter("g") if g.get("class") == "line truth"]
    path, dot = list(drawn)
    assert (path.get("d") or "").count("M") == 2
    assert dot.tag == "circle"
    (area,) = [p for p in root.iter("path") if p.get("class") == "band network"]
    assert (area.get("d") or "").count("M") == 2


@pytest.mark.parametrize("values", [[], [None], [0.0], [5.0, 5.0], [-1e-9, 1e9], [1e300, -1e300]])
def test_a_chart_of_odd_values_has_finite_places(values: list[float | None]) -> None:
    svg = charts.line_chart("x", charts.Axis(len(values), []), [charts.Line("a", values, "truth")])
    assert "nan" not in svg
    assert "inf" not in svg


def test_large_numbers_have_room_beside_the_chart() -> None:
    line = charts.Line("a", [1.2e6, 2.9e6], "truth")
    svg = charts.line_chart("x", charts.Axis(2, []), [line], size=charts.NARROW)
    texts = [t for t in ElementTree.fromstring(svg).iter("text") if t.get("class") == "tick y"]
    assert all(float(t.get("x") or 0) >= 6.5 * len(t.text or "") for t in texts)
    assert max(len(t.text or "") for t in texts) == len("3,000,000")


def test_korean_bar_names_are_cut_by_their_width() -> None:
    assert charts.shortened("seasonal naive", 14) == "seasonal naive"
    assert charts.shortened("계절성 단순 예측", 9) == "계절성 …"


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.1, "4.10"), (0.62, "0.620"), (12345.6, "12,346"), (-3.0, "−3.00"), (0.0, "0"), (None, "–")],
)
def test_numbers_have_three_figures(value: float | None, text: str) -> None:
    assert ticks.number(value) == text


@pytest.mark.parametrize("values", [[31.2, 58.9], [0.21, 0.66], [-3.0, 4.0], [1e6, 1.5e6], [7.0]])
def test_the_grid_holds_all_values(values: list[float]) -> None:
    grid, _ = ticks.nice_range(values)
    assert grid[0] <= min(values) <= max(values) <= grid[-1]
    assert 2 <= len(grid) <= 7


@pytest.mark.parametrize(
    ("step", "count", "wanted"),
    [
        ("h", 48, ["12:00", "8 Nov", "12:00", "9 Nov"]),
        ("D", 30, ["11 Nov", "18 Nov", "25 Nov", "2 Dec"]),
        ("M", 36, ["2014", "2015", "2016"]),
    ],
)
def test_time_ticks_sit_at_round_times(step: str, count: int, wanted: list[str]) -> None:
    start = np.datetime64("2013-11-07T06").astype(f"datetime64[{step}]")
    times = np.arange(start, start + count).astype("datetime64[m]")
    found = ticks.time_ticks([str(time).replace("T", " ") for time in times], 6)
    texts = [text for _, text in found]
    assert len(texts) <= 6
    assert texts == wanted
    for index, _ in found:
        assert 0 < index < count


def test_ticks_of_integer_time_are_the_numbers_themselves() -> None:
    assert [text for _, text in ticks.time_ticks(["5", "6", "7", "8"], 2)] == ["5", "7"]
    assert ticks.count_ticks(1, 24, 6) == [
        *((0, "1"), (5, "6"), (11, "12")),
        *((17, "18"), (23, "24")),
    ]
    assert ticks.count_ticks(1, 1, 6) == [(0, "1")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", "{", r"run\.json is damaged: expected JSON"),
        ("run.json", '{"settings": 3}', r"run\.json is damaged: schema"),
        ("run.json", "[" * 100_000, r"run\.json is damaged: expected JSON"),
        ("results.json", "[]", r"results\.json is damaged: the whole"),
        ("results.json", '{"table": [{"mae": 1}]}', r"results\.json is damaged: table\.0\.name"),
        ("results.json", "\xff", r"results\.json is damaged: expected JSON"),
        ("history.jsonl", "{}\n", r"history\.jsonl is damaged: epoch"),
    ],
)
def test_a_damaged_run_is_refused_by_file(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    folder = make(tmp_path)
    (folder / name).write_text(content, encoding="latin-1")
    if name != "run.json":
        with pytest.raises(RunError, match=rf"{name} is damaged: its fingerprint differs"):
            write_report(folder)
        seal(folder)
    with pytest.raises(RunError, match=message):
        write_report(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "history.jsonl",
        "results.json",
        "run.json",
    ]


def test_no_run_folder_and_no_room_are_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"expected a run folder with run\.json"):
        write_report(tmp_path)
    folder = make(tmp_path / "run")
    (folder / "report.html").mkdir()
    with pytest.raises(RunError, match=r"cannot write .*report\.html"):
        write_report(folder)
    assert not list(folder.glob(".report*"))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("task", "dance", "expected a run of forecast"),
        ("settings", 3, r"run\.json is damaged: settings"),
        ("schema", "four", r"run\.json is damaged: schema"),
        ("status", None, r"run\.json is damaged: status"),
    ],
)
def test_a_card_that_somebody_sealed_again_is_refused_by_place(
    tmp_path: Path, key: str, value: object, message: str
) -> None:
    folder = make(tmp_path)
    seal(folder, lambda card: card.update({key: value}))
    with pytest.raises(RunError, match=message):
        write_report(folder)


def test_of_a_run_that_is_not_finished_nothing_is_shown_that_nothing_vouches_for(
    tmp_path: Path,
) -> None:
    folder = make(tmp_path, lambda run, outcome: run.update(status="training"))
    assert Outline(page(folder)).ids == ["headline", "data", "settings", "reading"]


# --- in a real browser ---

ARGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="needs chromium or chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGS))
        yield chromium
        chromium.close()


class Visit:
    """A page opened offline from a file, and what it complained about or asked for."""

    def __init__(self, browser: Any, path: Path, width: int, scheme: str) -> None:
        self.page = browser.new_page(
            viewport={"width": width, "height": 844}, color_scheme=scheme, offline=True
        )
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def overflow(self) -> int:
        return int(
            self.page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("change", [None, rename])
def test_it_opens_offline_and_fits(
    browser: Any, tmp_path: Path, width: int, scheme: str, change: Change | None
) -> None:
    path = write_report(make(tmp_path, change))
    visit = Visit(browser, path, width, scheme)
    assert visit.complaints == []
    assert visit.requests == [path.as_uri()]
    assert visit.overflow() == 0
    for table in visit.page.query_selector_all(".table"):
        assert table.evaluate("it => it.scrollWidth <= it.clientWidth")
    light = visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (light == "rgb(255, 255, 255)") == (scheme == "light")
    visit.page.close()


@needs_chromium
def test_panels_lines_and_numbers_answer_to_keyboard_and_pointer(
    browser: Any, tmp_path: Path
) -> None:
    visit = Visit(browser, write_report(make(tmp_path)), 1280, "light")
    page = visit.page

    def shown() -> list[str]:
        panels = page.query_selector_all(".panel:not([hidden])")
        return [f"{p.get_attribute('data-group')} {p.get_attribute('data-cutoff')}" for p in panels]

    assert shown() == ["EWR · temp 2013-11-12 06:00"]
    page.select_option("[data-choose=cutoff]", label="2013-12-24 00:00")
    page.select_option("[data-choose=group]", label="LGA · temp")
    assert shown() == ["LGA · temp 2013-12-24 00:00"]
    page.focus("[data-turn='1']")
    page.keyboard.press("Enter")
    assert shown() == ["EWR · temp 2013-11-12 06:00"]

    linear = page.locator(".panel:not([hidden]) .wide [data-toggle='0']")
    assert linear.is_visible()
    page.focus(".panel:not([hidden]) [data-toggles='0']")
    page.keyboard.press("Space")
    assert not linear.is_visible()

    plot = page.locator(".panel:not([hidden]) .plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    said = page.locator(".panel:not([hidden]) .readout").inner_text()
    assert said.startswith("2013-11-13 05:00")
    assert re.search(r"truth [\d.]+ +LSTM [\d.]+ +90 % interval [\d.]+ to [\d.]+ +", said)
    page.locator("#by_step .wide svg").hover()
    assert re.match(r"1[23] hours ahead", page.locator("#by_step .readout").inner_text())
    assert visit.complaints == []
    page.close()


@needs_chromium
def test_hostile_and_korean_names_reach_the_eye_as_text(browser: Any, tmp_path: Path) -> None:
    visit = Visit(browser, write_report(make(tmp_path, rename)), 390, "light")
    assert visit.page.locator("h1").inner_text() == f"Forecast of {EVIL}, {KOREAN}, 24 hours ahead"
    assert visit.page.locator("script").count() == 1
    visit.page.locator("#by_step .plot").hover()
    assert EVIL in visit.page.locator("#by_step .readout").inner_text()
    assert visit.complaints == []
    visit.page.close()
