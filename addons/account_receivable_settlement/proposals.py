"""Accounts of known charts on which claims on customers, or allowances for them, are booked.

The charts call them current assets, so that their type says nothing of it. They are known by the
ids of Odoo's chart templates: an account may be renamed and get another code.
"""

#: By the chart, or the beginning of its name up to an underscore; then by how the account is read.
PROPOSALS = {
    "it": {
        # Bills, bills at a discount and in collection, claims and bills that came back unpaid.
        "owed": ("1505", "1506", "1507", "1510", "1511"),
        "loss": ("1540", "1541"),
    },
    "fr": {"owed": ("pcg_416",), "loss": ("pcg_491",)},
    "de_skr03": {
        "owed": (
            *("account_1300", "account_1301", "account_1302", "account_1305"),
            *("account_1310", "account_1311", "account_1312", "account_1315"),
            *("account_1320", "account_1321", "account_1322", "account_1325"),
            *("account_1460", "account_1461", "account_1465"),
        ),
        "loss": (
            *("account_0996", "account_0997", "account_0998", "account_0999"),
            *("account_1478", "account_1479", "account_1488", "account_1489"),
        ),
    },
    "de_skr04": {
        "owed": (
            *("chart_skr04_1230", "chart_skr04_1231", "chart_skr04_1232", "chart_skr04_1235"),
            *("chart_skr04_1241", "chart_skr04_1245"),
            *("chart_skr04_1267", "chart_skr04_1268", "chart_skr04_1269"),
            *("chart_skr04_1286", "chart_skr04_1287", "chart_skr04_1288", "chart_skr04_1289"),
        ),
        "loss": (
            *("chart_skr04_1246", "chart_skr04_1247", "chart_skr04_1248", "chart_skr04_1249"),
            *("chart_skr04_1276", "chart_skr04_1277", "chart_skr04_1296", "chart_skr04_1297"),
        ),
    },
    # Doubtful claims (407) are receivables there, which nobody has to propose.
    "be": {"owed": ("a401", "a2901", "a2907"), "loss": ("a409", "a2909")},
    "es": {
        "owed": ("account_common_4312",),
        "loss": (
            "account_common_mainland_490",
            "account_common_4933",
            "account_common_4934",
            "account_common_4935",
        ),
    },
    # Of two charts only one has an allowance under 1231.
    "cn": {
        "owed": ("l10n_cn_common_account_1121",),
        "loss": ("l10n_cn_large_bis_account_1231",),
    },
    "mx": {"loss": ("cuenta108_01", "cuenta108_02")},
}
