"""A client of Odoo 19's external JSON-2 API, as a program outside of Odoo would be."""

import requests


class ApiError(Exception):
    """Odoo refused the call."""

    def __init__(self, status, name, message):
        super().__init__(f"{status} {name}: {message}")
        self.status = status
        self.name = name


class ExternalApi:
    """Calls public methods of models for the user whose API key it has."""

    def __init__(self, url, database, key):
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"bearer {key}"
        self.session.headers["X-Odoo-Database"] = database

    def call(self, model, method, ids=(), **arguments):
        """Call the method on the records with these ids, or on the model."""
        body = {**arguments, "ids": list(ids)} if ids else arguments
        answer = self.session.post(f"{self.url}/json/2/{model}/{method}", json=body, timeout=120)
        result = answer.json()
        if not answer.ok:
            raise ApiError(answer.status_code, result.get("name"), result.get("message"))
        return result

    def create(self, model, **values):
        """Create a record and return its id."""
        return self.call(model, "create", vals_list=[values])[0]

    def read(self, model, record_id, *fields):
        """The fields' values of one record."""
        return self.call(model, "read", [record_id], fields=list(fields))[0]

    def search_read(self, model, domain, *fields):
        return self.call(model, "search_read", domain=domain, fields=list(fields))
