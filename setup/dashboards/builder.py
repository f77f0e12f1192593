"""From a short description to the spreadsheet that the Dashboards app shows.

A dashboard has cards at the top, charts and tables below in two columns, and a second sheet with
what the cards show. Nothing else is needed, so nothing else is offered.
"""

import json
import uuid
from dataclasses import dataclass, field
from typing import NamedTuple

VERSION = "18.5.10"
TITLE, HEADER, BODY, FIRST = 1, 2, 3, 4
STYLES = {
    TITLE: {"textColor": "#01666b", "bold": True, "fontSize": 16},
    HEADER: {"bold": True, "fontSize": 10, "textColor": "#434343", "verticalAlign": "middle"},
    BODY: {"textColor": "#434343", "verticalAlign": "middle"},
    FIRST: {"textColor": "#434343", "verticalAlign": "middle", "align": "left"},
}
#: Meaning of the cards' background, the same everywhere.
COLOURS = {"neutral": "#EFF6FF", "good": "#ECFDF5", "watch": "#FFF7ED", "bad": "#FEF2F2"}
#: Of bars and lines that are neither good nor bad: none looks like one that is.
SERIES_COLOURS = ("#4ea7f2", "#875a7b", "#5b899e", "#a76dbc", "#8c6d46", "#3c5a99", "#7f8fa6")
#: From enquiry to cash it gets darker.
FUNNEL_COLOURS = ("#8ab6d6", "#6fa3c9", "#548fba", "#3f7ba8", "#2d6792", "#1d547b", "#0f4163")
BAND_COLOURS = ("#adb5bd", "#01666b", "#adb5bd")
#: Left and right block, and the columns between them.
COLUMNS = (165, 125, 88, 86, 86, 30, 165, 125, 88, 86, 86)
LEFT, RIGHT = 0, 6
CARD_WIDTH, CARD_HEIGHT, CARDS_IN_ROW = 170, 100, 6
BLOCK_WIDTH, WIDE = 535, 1110
ROW, CHART_ROWS, TITLE_ROWS = 23, 14, 1
LETTERS = "ABCDEFGHIJK"
#: Columns of the sheet *Data* that hold what a band is drawn of: one such block is enough.
BAND_LETTERS = "GHIJK"
CHARTS = {name: f"odoo_{name}" for name in ("bar", "line", "pie", "funnel")}
#: Charts of a sample: a funnel of nothing would look like figures.
SAMPLE_KINDS = {"line": "line"}


class Filter(NamedTuple):
    """A filter at the top: a period, or records of a model."""

    name: str
    label: str
    model: str = ""
    default: str = ""


class Source(NamedTuple):
    """A model, and by which of its fields the filters of a dashboard work on it."""

    model: str
    matching: dict = {}
    #: Measures in the currency of each row's company: summed in that of who looks.
    money: tuple = ()
    #: Measures that are parts of 1.
    rates: tuple = ()


@dataclass
class Card:
    """One figure: a measure of a source, and the menu that its click opens."""

    label: str
    source: Source
    measure: str
    domain: list = field(default_factory=list)
    menu: str = ""
    colour: str = "neutral"
    with_previous: bool = False


@dataclass
class Chart:
    """A chart of a source by one or two groups."""

    label: str
    source: Source
    measure: str
    groups: list
    kind: str = "bar"
    domain: list = field(default_factory=list)
    stacked: bool = True
    axis: str = ""
    wide: bool = False


@dataclass
class Table:
    """A table of a source by a group: what a pivot shows."""

    label: str
    source: Source
    measures: dict
    group: str
    domain: list = field(default_factory=list)
    rows: int = 7
    order: str = ""
    #: What the groups are.
    head: str = ""


@dataclass
class Records:
    """The first records of a model; a click opens one."""

    label: str
    source: Source
    columns: dict
    order: str
    domain: list = field(default_factory=list)
    rows: int = 7
    ascending: bool = False


@dataclass
class Band:
    """A band: the first records of a model as three lines over one of its fields."""

    label: str
    source: Source
    over: str
    over_title: str
    measures: dict
    axis: str
    domain: list = field(default_factory=list)
    rows: int = 13
    wide: bool = False


@dataclass
class Dashboard:
    """What one file shows."""

    file: str
    filters: list
    cards: list
    blocks: list


def make_id(*parts) -> str:
    """The same parts have the same id in each build."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, parts))))


def quote(text: str) -> str:
    return text.replace('"', '""')


class Builder:
    """Makes the files of one dashboard."""

    def __init__(self, dashboard: Dashboard, is_sample: bool = False):
        self.dashboard = dashboard
        self.is_sample = is_sample
        self.filters = {item.name: item for item in dashboard.filters}
        self.pivots, self.lists, self.figures, self.menus = {}, {}, [], {}
        self.cells, self.styles, self.data, self.sizes = {}, {}, {}, {}
        self.row = 0

    def build(self) -> dict:
        """The content of the spreadsheet."""
        self._add_cards()
        for left, right in self._get_pairs():
            heights = [self._add_block(left, LEFT)]
            if right:
                heights.append(self._add_block(right, RIGHT))
            self.row += max(heights) + 1
        return {
            "version": VERSION,
            "sheets": [
                self._get_sheet(
                    "Dashboard",
                    self.cells,
                    cols={str(n): {"size": size} for n, size in enumerate(COLUMNS)},
                    styles=self.styles,
                    figures=self.figures,
                    rows=self.row + 2,
                ),
                self._get_sheet("Data", self.data, cols={"0": {"size": 250}}, rows=100),
            ],
            "styles": {str(key): value for key, value in STYLES.items()},
            "formats": {},
            "borders": {"1": {"bottom": {"style": "thin", "color": "#CCCCCC"}}},
            "revisionId": "START_REVISION",
            "uniqueFigureIds": True,
            "settings": {},
            "pivots": self.pivots,
            "pivotNextId": len(self.pivots) + 1,
            "customTableStyles": {},
            "globalFilters": []
            if self.is_sample
            else [*map(self._get_filter, self.filters.values())],
            "lists": self.lists,
            "listNextId": len(self.lists) + 1,
            "chartOdooMenusReferences": {} if self.is_sample else self.menus,
        }

    def _get_pairs(self):
        """Blocks two by two; a wide one stands alone."""
        waiting = None
        for block in self.dashboard.blocks:
            if getattr(block, "wide", False):
                if waiting:
                    yield waiting, None
                    waiting = None
                yield block, None
            elif waiting:
                yield waiting, block
                waiting = None
            else:
                waiting = block
        if waiting:
            yield waiting, None

    @staticmethod
    def _get_sheet(name, cells, cols, rows, styles=None, figures=()):
        return {
            "id": name.lower(),
            "name": name,
            "colNumber": len(COLUMNS),
            "rowNumber": rows,
            "rows": {},
            "cols": cols,
            "merges": [],
            "cells": cells,
            "styles": styles or {},
            "formats": {},
            "borders": {},
            "conditionalFormats": [],
            "dataValidationRules": [],
            "figures": list(figures),
            "tables": [],
            "areGridLinesVisible": False,
            "isVisible": True,
            "headerGroups": {"ROW": [], "COL": []},
            "comments": {},
        }

    def _get_filter(self, item: Filter) -> dict:
        result = {"id": self._get_filter_id(item.name), "label": item.label}
        if not item.model:
            return {**result, "type": "date", "defaultValue": item.default}
        result |= {"type": "relation", "modelName": item.model}
        if item.default:
            result["defaultValue"] = {"operator": "in", "ids": item.default}
        return result

    def _get_filter_id(self, name: str) -> str:
        return make_id(self.dashboard.file, "filter", name)

    def _get_matching(self, source: Source, offset: int = 0) -> dict:
        result = {}
        for name, chain in source.matching.items():
            if name not in self.filters:
                continue
            is_date = not self.filters[name].model
            result[self._get_filter_id(name)] = {
                "chain": chain,
                # Of the fields that filters work on, this one is a moment.
                "type": "datetime" if chain == "create_date" else "date" if is_date else "many2one",
                **({"offset": offset} if is_date else {}),
            }
        return result

    def _add_pivot(self, label, source, measures, group, domain, order="", offset=0) -> int:
        number = len(self.pivots) + 1
        self.pivots[str(number)] = {
            "type": "ODOO",
            "fieldMatching": self._get_matching(source, offset),
            "context": {},
            "domain": domain,
            "id": str(number),
            "formulaId": str(number),
            "measures": [
                {
                    "id": name,
                    "fieldName": name,
                    "userDefinedName": title,
                    **({"aggregator": "sum_currency"} if name in source.money else {}),
                    **({"format": "0%"} if name in source.rates else {}),
                }
                for name, title in measures.items()
            ],
            "model": source.model,
            "name": label,
            "sortedColumn": {"measure": order, "order": "desc", "domain": []} if order else None,
            "columns": [],
            "rows": self._get_rows(group),
        }
        return number

    @staticmethod
    def _get_rows(group: str) -> list:
        if not group:
            return []
        name, _colon, granularity = group.partition(":")
        return [{"fieldName": name, **({"granularity": granularity} if granularity else {})}]

    def _add_cards(self):
        self.data.update(A1='=_t("Figure")', B1='=_t("Now")', C1='=_t("Period before")')
        for number, card in enumerate(self.dashboard.cards):
            line = number + 2
            self.data[f"A{line}"] = f'=_t("{quote(card.label)}")'
            if self.is_sample:
                self.data[f"B{line}"] = '=_t("Sample")'
            else:
                measures = {card.measure: card.label}
                pivot = self._add_pivot(card.label, card.source, measures, "", card.domain)
                self.data[f"B{line}"] = f'=PIVOT.VALUE({pivot},"{card.measure}")'
                if card.with_previous:
                    before = self._add_pivot(
                        card.label, card.source, measures, "", card.domain, offset=-1
                    )
                    self.data[f"C{line}"] = f'=PIVOT.VALUE({before},"{card.measure}")'
            key = make_id(self.dashboard.file, "card", number)
            row, column = divmod(number, CARDS_IN_ROW)
            self._add_figure(
                key,
                {
                    "type": "scorecard",
                    "title": {
                        "text": card.label,
                        "bold": True,
                        "color": "#434343",
                        "fontSize": 11,
                    },
                    "background": COLOURS[card.colour],
                    "keyValue": f"Data!B{line}",
                    "humanize": not self.is_sample,
                    "baselineColorDown": "#DC6965",
                    "baselineColorUp": "#00A04A",
                    "baselineMode": "text",
                    **(
                        {
                            "baseline": f"Data!C{line}",
                            "baselineDescr": {"text": "before"},
                        }
                        if card.with_previous and not self.is_sample
                        else {}
                    ),
                },
                x=column * (CARD_WIDTH + 15),
                y=10 + row * (CARD_HEIGHT + 12),
                width=CARD_WIDTH,
                height=CARD_HEIGHT,
            )
            if card.menu:
                self.menus[key] = card.menu
        count = -(-len(self.dashboard.cards) // CARDS_IN_ROW)
        self.row = -(-(10 + count * (CARD_HEIGHT + 12)) // ROW) + 1

    def _add_figure(self, key, data, x, y, width, height, column=0, row=0):
        self.figures.append(
            {
                "id": key,
                "tag": "chart",
                "width": width,
                "height": height,
                "data": {**data, "chartId": key},
                "offset": {"x": x, "y": y},
                "col": column,
                "row": row,
            }
        )

    def _add_block(self, block, column: int) -> int:
        """Put a block at the present row; how many rows it takes."""
        title = f"{LETTERS[column]}{self.row + 1}"
        self.styles[title] = TITLE
        self.cells[title] = (
            f'=_t("{quote(block.label)}")' if self.is_sample else self._get_link(block)
        )
        if isinstance(block, Chart):
            return self._add_chart(block, column)
        if isinstance(block, Table):
            return self._add_table(block, column)
        if isinstance(block, Band):
            return self._add_band(block, column)
        return self._add_records(block, column)

    def _get_link(self, block) -> str:
        """The title opens what the block shows."""
        view = {Chart: "graph", Table: "pivot"}.get(type(block), "list")
        context = {}
        if isinstance(block, Chart):
            context = {
                "graph_measure": block.measure,
                "graph_groupbys": block.groups,
                "graph_mode": "bar" if block.kind == "funnel" else block.kind,
                "group_by": block.groups,
            }
        elif isinstance(block, Table):
            context = {
                "pivot_measures": list(block.measures),
                "pivot_row_groupby": [block.group],
                "pivot_column_groupby": [],
                "group_by": [block.group],
            }
        target = {
            "viewType": view,
            "action": {
                "domain": block.domain,
                "context": context,
                "modelName": block.source.model,
                "views": [[False, view], [False, "search"]],
            },
            "threshold": 0,
            "name": block.label,
        }
        if view == "list":
            target["action"]["views"].insert(1, [False, "form"])
        return f"[{block.label}](odoo://view/{json.dumps(target, separators=(',', ':'))})"

    def _add_chart(self, chart: Chart, column: int) -> int:
        common = {
            "title": self._get_unit(chart),
            "background": "#FFFFFF",
            "legendPosition": "top" if len(chart.groups) > 1 else "none",
            # Of many parts the numbers would cover each other.
            "showValues": len(chart.groups) == 1,
        }
        if self.is_sample:
            data = {**common, **self._add_sample_chart(chart)}
        else:
            data = {
                **common,
                "metaData": {
                    "groupBy": chart.groups,
                    "measure": chart.measure,
                    "order": None,
                    "resModel": chart.source.model,
                    "mode": chart.kind,
                },
                "searchParams": {
                    "comparison": None,
                    "context": {},
                    "domain": chart.domain,
                    "groupBy": chart.groups,
                    "orderBy": [],
                },
                "type": CHARTS[chart.kind],
                "dataSets": [{"backgroundColor": colour} for colour in SERIES_COLOURS],
                **({"funnelColors": FUNNEL_COLOURS} if chart.kind == "funnel" else {}),
                "verticalAxisPosition": "left",
                "stacked": chart.stacked,
                "fieldMatching": self._get_matching(chart.source),
            }
        return self._add_drawing(chart, data, column)

    @staticmethod
    def _get_unit(drawing) -> dict:
        """What the numbers are, above them: the browser does not translate the titles of axes."""
        return {"text": drawing.axis, "fontSize": 10, "color": "#757575"}

    def _add_drawing(self, block, data: dict, column: int) -> int:
        """Put what is drawn under its title; how many rows it takes."""
        self._add_figure(
            make_id(self.dashboard.file, "chart", block.label),
            data,
            x=0,
            y=0,
            width=WIDE if block.wide else BLOCK_WIDTH,
            height=(CHART_ROWS - 1) * ROW,
            column=column,
            row=self.row + TITLE_ROWS,
        )
        return CHART_ROWS + TITLE_ROWS

    def _add_band(self, band: Band, column: int) -> int:
        """Draw a list that stands on the sheet *Data*."""
        data = {
            "title": self._get_unit(band),
            "background": "#FFFFFF",
            "legendPosition": "top",
        }
        if self.is_sample:
            data |= self._add_sample_chart(band)
        else:
            columns = {band.over: band.over_title, **band.measures}
            letters = BAND_LETTERS[: len(columns)]
            self._add_list(band, columns, band.over, True, self.data, letters, 0)
            data |= {
                "type": "line",
                "dataSets": [
                    {
                        "dataRange": f"Data!{letter}1:{letter}{band.rows + 1}",
                        "backgroundColor": colour,
                    }
                    for letter, colour in zip(letters[1:], BAND_COLOURS, strict=True)
                ],
                "dataSetsHaveTitle": True,
                "labelRange": f"Data!{letters[0]}1:{letters[0]}{band.rows + 1}",
                "labelsAsText": True,
                "stacked": False,
                "aggregated": False,
                "cumulative": False,
            }
        return self._add_drawing(band, data, column)

    def _add_sample_chart(self, chart: Chart) -> dict:
        """Bars that say nothing: steps of the same height, named by letters."""
        begin = 2 + sum(key.startswith("E") for key in self.data)
        for number in range(4):
            self.data[f"E{begin + number}"] = LETTERS[number]
            self.data[f"F{begin + number}"] = str(25 * (number + 1))
        return {
            "type": SAMPLE_KINDS.get(getattr(chart, "kind", "line"), "bar"),
            "dataSets": [{"dataRange": f"Data!F{begin}:F{begin + 3}"}],
            "dataSetsHaveTitle": False,
            "labelRange": f"Data!E{begin}:E{begin + 3}",
            "stacked": False,
            "aggregated": False,
        }

    def _add_table(self, table: Table, column: int) -> int:
        top = self.row + TITLE_ROWS
        titles = [table.head, *table.measures.values()]
        if self.is_sample:
            self._add_sample_rows(titles, column, top, table.rows)
        else:
            pivot = self._add_pivot(
                table.label, table.source, table.measures, table.group, table.domain, table.order
            )
            # Titles of a pivot's own are not translated.
            for at, title in enumerate(titles):
                self.cells[f"{LETTERS[column + at]}{top + 1}"] = f'=_t("{quote(title)}")'
            self.cells[f"{LETTERS[column]}{top + 2}"] = (
                f"=PIVOT({pivot},{table.rows},FALSE,FALSE,20,FALSE)"
            )
        self._style_rows(column, 1 + len(table.measures), top, table.rows)
        return table.rows + 1 + TITLE_ROWS

    def _add_records(self, records: Records, column: int) -> int:
        top = self.row + TITLE_ROWS
        if self.is_sample:
            self._add_sample_rows(list(records.columns.values()), column, top, records.rows)
        else:
            letters = LETTERS[column : column + len(records.columns)]
            self._add_list(
                records, records.columns, records.order, records.ascending, self.cells, letters, top
            )
        self._style_rows(column, len(records.columns), top, records.rows)
        return records.rows + 1 + TITLE_ROWS

    def _add_list(self, block, columns, order, ascending, cells, letters, top):
        """Put a list's titles and records into cells, from the row ``top`` + 1 on."""
        number = len(self.lists) + 1
        self.lists[str(number)] = {
            "columns": list(columns),
            "domain": block.domain,
            "model": block.source.model,
            "context": {},
            "orderBy": [{"name": order, "asc": ascending}],
            "id": str(number),
            "name": block.label,
            "fieldMatching": self._get_matching(block.source),
        }
        for letter, (name, title) in zip(letters, columns.items(), strict=True):
            cells[f"{letter}{top + 1}"] = (
                f'=ODOO.LIST.HEADER({number},"{name}",_t("{quote(title)}"))'
            )
            for line in range(1, block.rows + 1):
                cells[f"{letter}{top + 1 + line}"] = f'=ODOO.LIST({number},{line},"{name}")'

    def _add_sample_rows(self, titles, column, top, rows):
        for at, title in enumerate(titles):
            if title:
                self.cells[f"{LETTERS[column + at]}{top + 1}"] = f'=_t("{quote(title)}")'
        for line in range(min(rows, 3)):
            self.cells[f"{LETTERS[column]}{top + 2 + line}"] = '=_t("Sample")'

    def _style_rows(self, column, count, top, rows):
        last = LETTERS[column + count - 1]
        self.styles[f"{LETTERS[column]}{top + 1}:{last}{top + 1}"] = HEADER
        first, second = LETTERS[column], LETTERS[column + 1]
        self.styles[f"{first}{top + 2}:{first}{top + 1 + rows}"] = FIRST
        self.styles[f"{second}{top + 2}:{last}{top + 1 + rows}"] = BODY
