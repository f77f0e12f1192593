"""Whatever the spelling of a date or an amount: the value is right, asked, or refused."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..models.accounting_import.values import (
    detect_date_format,
    detect_decimal_separator,
    normalize_number,
    parse_amount,
    parse_date,
    split_currency_code,
)

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
#: How programs write a day, and the format by which it is read.
SPELLINGS = {
    "dmy": ("{d:02}/{m:02}/{y}", "{d}.{m}.{y}.", "{d:02}-{m:02}-{y}", "{d}. {m}. {y}."),
    "mdy": ("{m:02}/{d:02}/{y}", "{m}/{d}/{y}", "{m:02}/{d:02}/{y} 12:00 AM"),
    "iso": ("{y}-{m:02}-{d:02}", "{y}{m:02}{d:02}", "{y}/{m}/{d}", "{y}年{m}月{d}日"),
    "ymd": ("{s:02}-{m:02}-{d:02}", "{s:02}.{m:02}.{d:02}"),
}
CENTS = st.integers(-(10**11), 10**11)


def spell_date(day, spelling):
    return spelling.format(d=day.day, m=day.month, y=day.year, s=day.year % 100)


def spell_amount(cents, decimal, group, sign):
    whole, rest = divmod(abs(cents), 100)
    text = f"{whole:,}".replace(",", group) + f"{decimal}{rest:02}"
    if cents >= 0:
        return text
    return {"-": f"-{text}", "()": f"({text})", "after": f"{text}-"}[sign]


@tagged("post_install", "-at_install")
class TestAccountingImportProperties(BaseCase):
    @given(DAYS, st.sampled_from([(f, s) for f, all_ in SPELLINGS.items() for s in all_]))
    @settings(max_examples=300, deadline=None, derandomize=True)
    def test_date_in_its_format(self, day, format_and_spelling):
        date_format, spelling = format_and_spelling
        if date_format == "ymd" and not 1970 <= day.year <= 2060:
            return
        self.assertEqual(parse_date(spell_date(day, spelling), date_format), day)

    @given(
        st.lists(DAYS, min_size=1, max_size=6),
        st.sampled_from([(f, s) for f, all_ in SPELLINGS.items() for s in all_]),
    )
    @settings(max_examples=500, deadline=None, derandomize=True)
    def test_found_format_is_right_or_asked(self, days, format_and_spelling):
        """The format that is found out reads all dates right; else a person is asked."""
        date_format, spelling = format_and_spelling
        texts = [spell_date(day, spelling) for day in days]
        found = detect_date_format(texts)
        if found is None:
            return
        for day, text in zip(days, texts, strict=True):
            self.assertEqual(parse_date(text, found), day, (texts, found, date_format))

    @given(st.text(max_size=15), st.sampled_from(["dmy", "mdy", "iso", "ymd", "serial"]))
    @settings(max_examples=500, deadline=None, derandomize=True)
    def test_any_text_as_a_date(self, text, date_format):
        try:
            found = parse_date(text, date_format)
        except ValueError:
            return
        self.assertTrue(1900 <= found.year <= 2100)

    @given(DAYS)
    @settings(max_examples=100, deadline=None, derandomize=True)
    def test_day_of_a_spreadsheet(self, day):
        number = (day - date(1899, 12, 30)).days
        self.assertEqual(parse_date(str(number), "serial"), day)
        self.assertEqual(parse_date(str(number + 1), "serial"), day + timedelta(days=1))

    @given(
        CENTS,
        st.sampled_from([".", ","]),
        st.sampled_from(["", "other", " ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "'"]),
        st.sampled_from(["-", "()", "after"]),
        st.sampled_from(["{}", "€ {}", "{} €", "EUR {}", "{}EUR"]),
    )
    @settings(max_examples=800, deadline=None, derandomize=True)
    def test_amount_is_right_or_asked(self, cents, decimal, group, sign, around):
        group = {".": ",", ",": "."}[decimal] if group == "other" else group
        text = spell_amount(cents, decimal, group, sign)
        text, code = split_currency_code(around.format(text))
        self.assertEqual(code, "EUR" if "EUR" in around else None)
        self.assertEqual(round(parse_amount(text, decimal) * 100), cents, text)
        found = detect_decimal_separator([text])
        if found:
            self.assertEqual(round(parse_amount(text, found) * 100), cents, text)

    @given(st.text(alphabet="0123456789.,'-+() €$eE\u00a0", max_size=12), st.sampled_from(".,"))
    @settings(max_examples=800, deadline=None, derandomize=True)
    def test_the_other_reading_is_never_taken(self, text, decimal):
        """What can be read both ways has the same value in both, or is asked."""
        values = {}
        for sign in (".", ","):
            try:
                values[sign] = parse_amount(text, sign)
            except ValueError:
                continue
        if len(set(values.values())) == 2:
            self.assertIn(detect_decimal_separator([text]), (None, *values))
            if len(text.replace("-", "").split(".")[-1].split(",")[-1]) == 3:
                self.assertIsNone(detect_decimal_separator([text]), text)

    @given(st.integers(1, 10**6), st.integers(0, 6))
    @settings(max_examples=100, deadline=None, derandomize=True)
    def test_zeros_before_a_number(self, number, zeros):
        self.assertEqual(
            normalize_number(f"INV/{'0' * zeros}{number}"), normalize_number(f"inv/{number}")
        )
        self.assertNotEqual(normalize_number(f"{number}0"), normalize_number(f"{number}"))
