"""Files of another accounting program: imported, imported again, under way, and not begun."""

import base64

HEADER = (
    "Customer,Invoice Number,Invoice Date,Due Date,Amount,Opportunity,Settled Date,Settled Amount\n"
)


def fill(env):
    env["res.partner"].create({"name": "Imported Ltd", "is_company": True})
    lead = env["crm.lead"].create({"name": "Imported deal", "type": "opportunity"})
    imports = env["accounting.import"]
    good = "Imported Ltd,E-1,2026-01-05,2026-02-04,500,Imported deal,,\n"
    bad = ("Nobody,E-2,2026-01-05,2026-02-04,70,,,\n", "Imported Ltd,E-3,?,,1,,,\n")
    result = imports.import_file("first.csv", encoded(good, *bad))
    done = imports.browse(result["id"])
    settled = "Imported Ltd,E-1,2026-01-05,2026-02-04,500,Imported deal,2026-02-01,200\n"
    imports.import_file("second.csv", encoded(settled))
    env.cr.flush()
    assert sorted(done.line_ids.mapped("state")) == ["created", "error", "error"]
    assert (lead.invoiced_total, lead.paid_total) == (500, 200)
    env["ir.attachment"].create(
        {
            "name": "What they wrote.txt",
            "raw": b"Dear accountant",
            "res_model": done._name,
            "res_id": done.id,
        }
    )
    running = imports.create({"name": "running.csv", "file": encoded(*map(row, range(10, 13)))})
    running._start()
    ready = imports.create({"name": "ready.csv", "file": encoded(row(20)), "date_format": "iso"})
    ready.action_read_file()
    ready.column_ids[5].field = False
    imports.create({"name": "draft.csv", "file": encoded(row(30))})
    assert set(imports.search([]).mapped("state")) == {"draft", "ready", "running", "done"}


def row(number):
    return f"Imported Ltd,E-{number},2026-03-05,2026-04-04,{number},,,\n"


def encoded(*rows):
    return base64.b64encode((HEADER + "".join(rows)).encode()).decode()
