"""Values as Excel has them."""

import re
from datetime import date

#: Excel counts UTF-16 units.
MAX_TEXT = 32767
#: Not allowed in XML, or shown as a box: control characters other than tab and line feed.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: Day 0 of Excel's calendar.
EPOCH = date(1899, 12, 30).toordinal()


def clean_text(value) -> str:
    """A text that any program reads back: without control characters, not too long for a cell."""
    text = UNPRINTABLE.sub("", str(value))
    if len(text) > MAX_TEXT // 2:
        units = text.encode("utf-16-le")[: 2 * MAX_TEXT]
        text = units.decode("utf-16-le", errors="ignore")
    # XlsxWriter would write it as markup of its own.
    return f" {text}" if text.startswith("<r>") else text


def to_excel_day(value: date) -> int:
    return value.toordinal() - EPOCH
