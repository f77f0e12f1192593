"""What the cells of an exported file mean: headers, dates, amounts, yes and no.

Plain functions without a database. Nothing is guessed here that could turn one amount or date into
another: what can be read in two ways raises ``ValueError`` or is left to a person to decide.
"""

import re
from datetime import date, datetime, timedelta

#: Fields that a column can be imported into, with the headers that mean them. Headers are compared
#: without case, spaces and punctuation; English, Italian, Spanish, Croatian, Chinese.
HEADERS = {
    "number": (
        "number",
        "invoice",
        "invoice number",
        "num",
        "invoice no",
        "invoice nr",
        "invoice #",
        "invoice id",
        "rechnungsnummer",
        "rechnungsnr",
        "numéro de facture",
        "document",
        "document number",
        "numero",
        "numero fattura",
        "fattura",
        "número",
        "número de factura",
        "factura",
        "broj",
        "broj računa",
        "račun",
        "发票号",
        "发票编号",
        "发票号码",
    ),
    "invoice_date": (
        "date",
        "invoice date",
        "document date",
        "issue date",
        "issued on",
        "date issued",
        "rechnungsdatum",
        "belegdatum",
        "data",
        "data fattura",
        "fecha",
        "fecha de factura",
        "datum",
        "datum računa",
        "日期",
        "开票日期",
        "发票日期",
    ),
    "due_date": (
        "due",
        "due date",
        "due on",
        "maturity",
        "maturity date",
        "fälligkeit",
        "fälligkeitsdatum",
        "fällig am",
        "scadenza",
        "data scadenza",
        "data di scadenza",
        "vencimiento",
        "fecha de vencimiento",
        "dospijeće",
        "datum dospijeća",
        "到期日",
        "到期日期",
    ),
    "amount": (
        "amount",
        "invoice amount",
        "total",
        "total amount",
        "invoice total",
        "line total",
        "line amount",
        "debit",
        "debit amount",
        "soll",
        "dare",
        "debe",
        "duguje",
        "借方",
        "gross amount",
        "gross",
        "grand total",
        "amount total",
        "betrag",
        "gesamtbetrag",
        "bruttobetrag",
        "montant",
        "importo",
        "totale",
        "importo fattura",
        "importe",
        "importe total",
        "iznos",
        "ukupno",
        "金额",
        "发票金额",
        "总金额",
    ),
    "currency": ("currency", "currency code", "valuta", "divisa", "moneda", "币种", "货币"),
    "customer": ("customer", "client", "cliente", "kunde", "kupac", "客户"),
    "customer_ref": (
        "customer id",
        "customer no",
        "customer number",
        "customer code",
        "customer ref",
        "customer reference",
        "account number",
        "debtor",
        "codice cliente",
        "código de cliente",
        "código cliente",
        "šifra kupca",
        "客户编号",
        "客户代码",
    ),
    "customer_vat": (
        "vat",
        "vat id",
        "vat number",
        "customer vat",
        "tax id",
        "partita iva",
        "p iva",
        "nif",
        "cif",
        "oib",
        "税号",
    ),
    "customer_name": (
        "customer name",
        "customer full name",
        "client name",
        "contact name",
        "kundenname",
        "name",
        "company name",
        "ragione sociale",
        "nome cliente",
        "nombre",
        "nombre del cliente",
        "razón social",
        "naziv kupca",
        "naziv",
        "客户名称",
    ),
    "customer_email": (
        "email",
        "e-mail",
        "customer email",
        "email address",
        "correo",
        "correo electrónico",
        "e-pošta",
        "邮箱",
        "电子邮件",
    ),
    "opportunity": ("opportunity", "deal", "opportunità", "oportunidad", "prilika", "商机"),
    "settled_date": (
        "settled",
        "settled date",
        "settled on",
        "paid on",
        "paid date",
        "date paid",
        "payment date",
        "settlement date",
        "data pagamento",
        "data saldo",
        "fecha de pago",
        "datum plaćanja",
        "付款日期",
        "结算日期",
    ),
    "settled_amount": (
        "settled amount",
        "paid",
        "paid amount",
        "amount paid",
        "payment amount",
        "importo pagato",
        "pagato",
        "importe pagado",
        "pagado",
        "plaćeno",
        "plaćeni iznos",
        "已付金额",
    ),
    "credit": ("credit", "credit amount", "haben", "avere", "haber", "potražuje", "贷方"),
    "balance": (
        "balance",
        "balance due",
        "amount due",
        "open amount",
        "open balance",
        "outstanding",
        "outstanding amount",
        "invoice amount due",
        "residuo",
        "saldo",
        "saldo pendiente",
        "importe pendiente",
        "dugovanje",
        "preostalo",
        "余额",
        "未付金额",
    ),
    "net": (
        "net",
        "net amount",
        "net total",
        "subtotal",
        "sub total",
        "amount untaxed",
        "untaxed amount",
        "imponibile",
        "totale imponibile",
        "base imponible",
        "osnovica",
        "netto",
        "nettobetrag",
        "montant ht",
        "不含税金额",
    ),
    "tax": (
        "tax",
        "tax amount",
        "tax total",
        "total tax",
        "vat amount",
        "vat total",
        "iva",
        "importo iva",
        "cuota iva",
        "pdv",
        "iznos pdv",
        "mwst",
        "umsatzsteuer",
        "montant tva",
        "税额",
    ),
    "terms": (
        "terms",
        "payment terms",
        "credit terms",
        "net days",
        "payment days",
        "condizioni di pagamento",
        "termini di pagamento",
        "condiciones de pago",
        "plazo de pago",
        "uvjeti plaćanja",
        "rok plaćanja",
        "zahlungsbedingungen",
        "zahlungsziel",
        "付款条件",
        "账期",
    ),
    "salesperson": (
        "salesperson",
        "sales person",
        "sales rep",
        "sales representative",
        "account manager",
        "venditore",
        "agente",
        "vendedor",
        "comercial",
        "prodavač",
        "prodavatelj",
        "verkäufer",
        "销售员",
        "销售人员",
    ),
    "kind": (
        "type",
        "document type",
        "invoice type",
        "transaction type",
        "kind",
        "debit credit",
        "dc",
        "tipo",
        "tipo documento",
        "tipo de documento",
        "vrsta",
        "vrsta dokumenta",
        "类型",
        "单据类型",
    ),
    "status": (
        "status",
        "invoice status",
        "payment status",
        "state",
        "stato",
        "stato pagamento",
        "estado",
        "status računa",
        "状态",
        "付款状态",
    ),
    "disputed": (
        "disputed",
        "dispute",
        "in dispute",
        "blocked",
        "contestata",
        "contestato",
        "en disputa",
        "disputada",
        "osporeno",
        "争议",
        "有争议",
    ),
}

#: What other programs call a document, compared like headers.
KINDS = {
    "invoice": (
        "invoice",
        "inv",
        "accrec",
        "sales invoice",
        "tax invoice",
        "receipt",
        "sales receipt",
        "debit",
        "d",
        "dr",
        "td01",
        "td24",
        "fattura",
        "factura",
        "račun",
        "rechnung",
        "facture",
        "发票",
    ),
    "credit_note": (
        "credit note",
        "credit memo",
        "credit",
        "cr",
        "c",
        "h",
        "accreccredit",
        "sales credit note",
        "credit invoice",
        "refund",
        "return",
        "td04",
        "nota di credito",
        "nota credito",
        "nota de crédito",
        "abono",
        "odobrenje",
        "gutschrift",
        "avoir",
        "贷记单",
        "红字发票",
    ),
    "payment": (
        "payment",
        "receive payment",
        "payment received",
        "customer payment",
        "deposit",
        "pagamento",
        "incasso",
        "pago",
        "cobro",
        "uplata",
        "zahlung",
        "paiement",
        "付款",
        "收款",
    ),
    "on_account": (
        "payment on account",
        "unapplied payment",
        "unapplied cash payment",
        "prepayment",
        "advance",
        "overpayment",
        "acconto",
        "anticipo",
        "predujam",
        "anzahlung",
        "预收款",
    ),
    "left_out": (
        "quote",
        "quotation",
        "estimate",
        "proforma",
        "pro forma",
        "sales order",
        "journal entry",
        "preventivo",
        "presupuesto",
        "ponuda",
        "angebot",
        "报价单",
    ),
}

#: What other programs say of its state.
STATUSES = {
    "paid": (
        "paid",
        "closed",
        "settled",
        "paid in full",
        "pagata",
        "pagato",
        "saldata",
        "pagada",
        "pagado",
        "plaćeno",
        "bezahlt",
        "payée",
        "已付款",
        "已付",
        "已结清",
    ),
    "open": (
        "",
        "open",
        "sent",
        "unpaid",
        "overdue",
        "due",
        "approved",
        "authorised",
        "authorized",
        "posted",
        "issued",
        "submitted",
        "viewed",
        "partial",
        "partially paid",
        "partly paid",
        "awaiting payment",
        "not paid",
        "da saldare",
        "emessa",
        "inviata",
        "emitida",
        "izdano",
        "aperta",
        "aperto",
        "da pagare",
        "scaduta",
        "abierta",
        "pendiente",
        "vencida",
        "otvoreno",
        "neplaćeno",
        "offen",
        "未付款",
        "未付",
        "逾期",
    ),
    "left_out": (
        "draft",
        "void",
        "voided",
        "cancelled",
        "canceled",
        "deleted",
        "written in error",
        "rejected",
        "bozza",
        "annullata",
        "annullato",
        "borrador",
        "anulada",
        "cancelada",
        "nacrt",
        "stornirano",
        "poništeno",
        "storniert",
        "草稿",
        "作废",
        "已取消",
    ),
}

#: Headers that give way to a column that says more: *Invoice Date* beside *Date*, *Invoice Number*
#: beside *Invoice ID*, *Total* beside *Amount*, which may be the net amount.
GENERAL_HEADERS = (
    "amount",
    "debit",
    "line amount",
    "line total",
    "data",
    "date",
    "datum",
    "document",
    "fecha",
    "importe",
    "importo",
    "invoice",
    "invoice id",
    "iznos",
    "name",
    "num",
    "number",
    "日期",
    "金额",
)

#: Headers of a document's total, which rows of one document repeat.
TOTALS = ("total", "invoice total", "grand total", "amount total", "total amount", "totale")
#: Headers of one line of a document.
LINE_AMOUNTS = ("line total", "line amount", "item total", "totale riga", "importe línea")

#: Terms that are no plain number of days.
_OTHER_TERMS = re.compile(r"eom|fine|month|mes\b|fm\b|ende|%|月底", re.IGNORECASE)

_TRUE = {"1", "y", "yes", "true", "t", "x", "si", "sì", "sí", "vero", "verdadero", "da", "是", "真"}
_FALSE = {"", "0", "n", "no", "false", "f", "falso", "ne", "否", "假", "-"}

_ISO_DATE = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})")
_CHINESE_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_DATE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?(Z|[+-]\d{2}:?\d{2})?$")
#: The number of a day in a spreadsheet: from 1927 to 2119.
_SERIAL_DAY = re.compile(r"[1-7]\d{4}")
_SERIAL_BEGIN = date(1899, 12, 30)
_CURRENCY_SIGN = re.compile(r"[$€£¥₹₽₩₪₺₴₫₱฿¤]")
_SPACE = re.compile(r"[\s'’]")

#: Beyond this a float cannot hold an amount to the cent.
_MAX_AMOUNT = 10**13


def _normalize_header(header: str) -> str:
    return re.sub(r"[\W_]+", "", header.casefold())


_FIELD_BY_HEADER = {
    _normalize_header(header): field for field, headers in HEADERS.items() for header in headers
} | {_normalize_header(field): field for field in HEADERS}


_GENERAL = frozenset(map(_normalize_header, GENERAL_HEADERS))


def find_field(header: str) -> str | None:
    """The field that a column's header means, if it is a known one."""
    return _FIELD_BY_HEADER.get(_normalize_header(header))


def _clean_date(text: str) -> str:
    """Without time of day, blanks between the parts and the dot after the last one: as Croatian
    programs write ``15. 1. 2026.``
    """
    text = _TIME.sub("", text.strip())
    text = re.sub(r"\s+", "", text)
    if match := _CHINESE_DATE.fullmatch(text):
        return f"{match[1]}-{match[2]}-{match[3]}"
    return text.rstrip(".")


def _find(words: dict, text: str) -> str | None:
    key = _normalize_header(text)
    for meaning, spellings in words.items():
        if key in map(_normalize_header, spellings):
            return meaning
    return None


def find_kind(text: str) -> str | None:
    """``invoice``, ``credit_note``, ``payment``, ``on_account`` or ``left_out``; ``None`` for a
    word that is not known.

    Italian programs write the code of the electronic invoice before the word: ``TD01 Fattura``.
    """
    code = re.match(r"TD\d\d\b", text.strip().upper())
    return _find(KINDS, code[0] if code else text)


def find_status(text: str) -> str | None:
    """``paid``, ``open`` or ``left_out``; ``None`` for a word that is not known."""
    return _find(STATUSES, text)


def is_total(header: str) -> bool:
    """Whether a column of this name has the total of a document in each of its rows."""
    return _normalize_header(header) in map(_normalize_header, TOTALS)


def is_line_amount(header: str) -> bool:
    """Whether a column of this name has the amount of one line of a document."""
    return _normalize_header(header) in map(_normalize_header, LINE_AMOUNTS)


def normalize_word(text: str) -> str:
    """A word of a column to be compared: without case, spaces and punctuation."""
    return _normalize_header(text)


def normalize_number(text: str) -> str:
    """An invoice number to be compared: without case and the zeros that a program puts before."""
    return re.sub(r"\b0+(?=\d)", "", text.strip().lower())


def parse_days(text: str) -> int:
    """The days of payment terms such as ``Net 30``, ``30 gg`` or ``due on receipt``.

    :raise ValueError: not a plain number of days.
    """
    if normalize_word(text) in ("dueonreceipt", "immediate", "immediately", "rimessadiretta"):
        return 0
    days = re.findall(r"\d+", text)
    if len(days) != 1 or len(days[0]) > 3 or _OTHER_TERMS.search(text):
        raise ValueError(text)
    return int(days[0])


def is_general(header: str) -> bool:
    """Whether another column of the same meaning is to be preferred to this one."""
    return _normalize_header(header) in _GENERAL


def parse_date(text: str, date_format: str) -> date:
    """A date, maybe followed by a time of day, which is dropped.

    :param date_format: ``iso``, ``dmy``, ``mdy``, ``ymd`` (with two digits of the year) or
        ``serial`` (a spreadsheet's number of the day). Dates that begin with four digits of the
        year are understood in every format, for they have one meaning only.
    :raise ValueError: not a date in this format, or not between 1900 and 2100.
    """
    text = _clean_date(text)
    if date_format == "serial" and _SERIAL_DAY.fullmatch(text):
        return _SERIAL_BEGIN + timedelta(days=int(text))
    if match := _ISO_DATE.fullmatch(text):
        year, month, day = match[1], match[3], match[4]
        if not match[2] and len(text) != 8:
            raise ValueError(text)
    elif date_format in ("dmy", "mdy", "ymd") and (match := _DATE.fullmatch(text)):
        day, month, year = match[1], match[3], match[4]
        if date_format == "mdy":
            day, month = month, day
        elif date_format == "ymd":
            year, day = day, year
        if date_format == "ymd" and max(len(day), len(year)) > 2:
            raise ValueError(text)
        if len(year) <= 2:
            year = year.zfill(2)
            year = str(datetime.strptime(year, "%y").year)
    else:
        raise ValueError(text)
    result = date(int(year), int(month), int(day))
    if not 1900 <= result.year <= 2100:
        raise ValueError(text)
    return result


def find_date_signs(text: str) -> set[str]:
    """What a text tells of the dates of its column: ``iso``, ``serial``, or ``date`` with what it
    shows of the order: ``first`` or ``second`` is the day, the year is not first (``year_last``).

    Days after the 12th tell day from month; dates with dots are never written month first. Where
    the year has two digits, it may stand first as well.
    """
    # Most cells are no dates.
    if not text[:1].isdigit() and not text[:1].isspace():
        return set()
    text = _clean_date(text)
    if match := _DATE.fullmatch(text):
        signs = {"date"}
        if int(match[1]) > 12 or match[2] == ".":
            signs.add("first")
        if int(match[3]) > 12:
            signs.add("second")
        if len(match[4]) != 2 or int(match[3]) > 12 or not 1 <= int(match[4]) <= 31:
            signs.add("year_last")
        return signs
    if _SERIAL_DAY.fullmatch(text):
        return {"serial"}
    return {"iso"} if _ISO_DATE.fullmatch(text) else set()


def judge_date_signs(signs: set[str]) -> str | None:
    """``iso``, ``dmy`` or ``mdy``; ``None`` when the signs do not tell: that is for a person."""
    if "date" not in signs:
        return None if "serial" in signs and "iso" not in signs else "iso"
    if "year_last" not in signs or ("first" in signs) == ("second" in signs):
        return None
    return "dmy" if "first" in signs else "mdy"


def detect_date_format(values) -> str | None:
    """``iso``, ``dmy`` or ``mdy``; ``None`` when the values do not tell."""
    return judge_date_signs(set().union(*map(find_date_signs, values)))


def _clean_amount(text: str) -> str:
    text = _CURRENCY_SIGN.sub("", text).strip()
    text = text.replace("\N{MINUS SIGN}", "-")
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    elif text.endswith("-"):
        text = "-" + text[:-1]
    return text.strip()


def parse_amount(text: str, decimal_separator: str) -> float:
    """An amount; thousands may be grouped with the other sign, a space or an apostrophe.

    :raise ValueError: not a number, grouped other than in threes, or too large for cents.
    """
    text = _clean_amount(text)
    group = "," if decimal_separator == "." else "."
    decimal = re.escape(decimal_separator)
    match = re.fullmatch(
        rf"([+-]?)\s*(\d+|\d{{1,3}}(?:([{group}\s'’])\d{{3}})(?:\3\d{{3}})*)?(?:{decimal}(\d*))?",
        text,
    )
    if not match or not (match[2] or match[4]):
        raise ValueError(text)
    whole = re.sub(r"\D", "", match[2] or "0")
    amount = float(f"{match[1]}{whole}.{match[4] or 0}")
    if abs(amount) >= _MAX_AMOUNT:
        raise ValueError(text)
    return amount


def find_amount_sign(text: str) -> str | None:
    """What a text tells of the amounts of its column: the decimal separator, ``open`` where it can
    be read in both ways, ``None`` where there is nothing to read.
    """
    if "." not in text and "," not in text:
        return None
    text = _SPACE.sub("", _clean_amount(text))
    separators = re.findall(r"[.,]", text)
    last = separators[-1]
    digits = len(text) - text.rindex(last) - 1
    if len(set(separators)) == 2:
        return last
    if len(separators) > 1:
        return "," if last == "." else "."
    is_decimal = (
        digits != 3 or re.match(r"[+-]?0?[.,]", text) or len(text.split(last)[0].lstrip("+-")) > 3
    )
    return last if is_decimal else "open"


def judge_amount_signs(signs: set[str]) -> str | None:
    """``.`` or ``,``; ``None`` when the signs do not tell (``1,234``) or contradict each other."""
    found = signs & {".", ","}
    if len(found) == 1:
        return found.pop()
    return None if found or "open" in signs else "."


def detect_decimal_separator(values) -> str | None:
    """``.`` or ``,``; ``None`` when the values do not tell (``1,234``) or contradict each other."""
    return judge_amount_signs({sign for text in values if (sign := find_amount_sign(text))})


def find_currency_sign(text: str) -> str | None:
    """The sign of a currency in an amount."""
    match = _CURRENCY_SIGN.search(text)
    return match and match[0]


def split_currency_code(text: str) -> tuple[str, str | None]:
    """The amount without the code of a currency before or after it, and the code."""
    if match := re.fullmatch(r"([A-Za-z]{3})\s*(\S.*)|(.*\S)\s*([A-Za-z]{3})", text.strip()):
        return match[2] or match[3], (match[1] or match[4]).upper()
    return text, None


def is_tax_id(text: str) -> bool:
    """Whether this looks like a tax ID, and not like an amount or a rate of tax."""
    if re.fullmatch(r"[^\w]*\d{1,3}(?:[.,\s]?\d{3})*[.,]\d{1,2}[^\w]*", text.strip()):
        return False
    return sum(character.isdigit() for character in text) >= 6


def normalize_tax_id(text: str) -> str:
    """A tax ID to be compared: without punctuation, the country's prefix, and the zeros at the
    beginning that a spreadsheet drops. Empty if too little is left to tell anybody by.
    """
    text = re.sub(r"[\W_]+", "", text.upper())
    text = re.sub(r"^[A-Z]{2}(?=[A-Z]?\d)", "", text).lstrip("0")
    return text if len(text) >= 5 else ""


def normalize_name(text: str) -> str:
    """A name to be compared: without case and double or no-break spaces."""
    return re.sub(r"\s+", " ", text).strip().lower()


def parse_boolean(text: str) -> bool:
    """:raise ValueError: neither yes nor no."""
    text = text.strip().casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(text)


def is_yes_or_no(text: str) -> bool:
    """Whether this is a word for yes or no; a number is none."""
    return not text.isdigit() and text.strip().casefold() in _TRUE | _FALSE


def escape_cell(text: str) -> str:
    """Text for a CSV file that a spreadsheet must not take for a formula; numbers stay numbers."""
    if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not re.fullmatch(r"[+-]?[\d.,]+", text):
        return "'" + text
    return text


def unescape_cell(text: str) -> str:
    """Undo :func:`escape_cell` when a corrected file comes back."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", "\t", "\r") else text
