"""The running stack, as people's scripts see it: HTTP through the proxy, JSON-RPC, nothing else."""

import contextlib
import json
import re
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2
import requests

TIMEOUT = 60


class RpcError(Exception):
    """Odoo refused; the message is what a person would read."""


class Odoo:
    """JSON-RPC to one Odoo behind the proxy.

    `*.localhost` is resolved by browsers only, so the connection goes to 127.0.0.1 and the Host header names the site.
    """

    def __init__(self, url, database):
        parts = urlsplit(url)
        self.url, self.host, self.database = url, parts.netloc, database
        self.door = f"{parts.scheme}://127.0.0.1:{parts.port}"
        self.http = requests.Session()
        self.http.headers["Host"] = self.host
        self.uid = self.login = self.password = None

    def request(self, method, path, **options):
        """Request a path of this site. Redirects are not followed: they would leave the Host header behind."""
        options.setdefault("allow_redirects", False)
        return self.http.request(method, self.door + path, timeout=TIMEOUT, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def visit(self, path):
        """Request a path as a browser does: a site in several languages leads on to the visitor's.

        :return: the path where it ended, and the answer
        """
        answer = self.get(path)
        while answer.is_redirect:
            path = urlsplit(answer.headers["Location"])._replace(scheme="", netloc="").geturl()
            answer = self.get(path)
        return path, answer

    def rpc(self, service, method, *args):
        payload = {"jsonrpc": "2.0", "params": {"service": service, "method": method, "args": args}}
        answer = self.request("POST", "/jsonrpc", json=payload)
        if answer.status_code != 200:
            raise RpcError(f"HTTP {answer.status_code}: {answer.text[:300]}")
        body = answer.json()
        if "error" in body:
            raise RpcError(body["error"]["data"].get("message") or body["error"]["message"])
        return body.get("result")  # nothing where the method returned None

    def sign_in(self, login, password):
        self.uid = self.rpc("common", "authenticate", self.database, login, password, {})
        self.login, self.password = login, password
        return self.uid

    def session_info(self, login, password):
        """Sign in as a browser does, with a cookie that further requests carry.

        :return dict: what the web client gets to know
        """
        parameters = {"db": self.database, "login": login, "password": password}
        answer = self.request("POST", "/web/session/authenticate", json={"jsonrpc": "2.0", "params": parameters})
        return answer.json()["result"]

    def call(self, model, method, *args, **kwargs):
        return self.rpc("object", "execute_kw", self.database, self.uid, self.password, model, method, args, kwargs)


class Demo:
    """What `demo.json` describes.

    :param Path path: the file; the folder that it lies in is the stack's run directory
    """

    RpcError = RpcError
    NoSuchProcess = psutil.NoSuchProcess

    def __init__(self, path):
        self.path, self.run_dir = Path(path), Path(path).parent
        self.description = json.loads(self.path.read_text())
        manager = self.description["manager"]
        self.manager = Odoo(manager["url"], manager["database"])
        self.manager.sign_in(manager["login"], manager["password"])
        # Its greeting would open a chat over the page, on a phone over all of it.
        self.manager.call("res.users", "write", [self.manager.uid], {"odoobot_state": "disabled"})

    def tenant(self, subdomain):
        """Return the Odoo of a tenant."""
        return Odoo(self.description["tenant_url"].format(subdomain=subdomain), subdomain)

    # -- instances

    def create(self, subdomain, email=None, **values):
        """Create a draft for a customer of its own and return its id."""
        call = self.manager.call
        email = email or f"owner@{subdomain}.example"
        partner = call("res.partner", "create", {"name": f"Owner of {subdomain}", "email": email})
        return call(
            "saas.instance", "create", {"name": subdomain, "partner_id": partner, "subdomain": subdomain, **values}
        )

    def provision(self, subdomain, **values):
        """Create, provision and wait; return the instance's id."""
        instance = self.create(subdomain, **values)
        self.manager.call("saas.instance", "action_provision", [instance])
        assert self.wait_for_state(instance, "active", "failed") == "active", self.read(instance, "failure_reason")
        return instance

    def read(self, instance, *fields):
        """Return one field's value, or several fields as a dict."""
        [row] = self.manager.call("saas.instance", "read", [instance], list(fields))
        return row[fields[0]] if len(fields) == 1 else row

    def wait_for_state(self, instance, *states, seconds=60):
        """Wait until an instance is in one of these states and return it."""
        return self.wait_for(lambda: self.read(instance, "state"), lambda state: state in states, seconds)

    @staticmethod
    def wait_for(ask, is_enough, seconds=30, step=0.05):
        """Ask until the answer is enough; fails with the last answer."""
        end = time.monotonic() + seconds
        while True:
            answer = ask()
            if is_enough(answer):
                return answer
            assert time.monotonic() < end, f"still {answer!r} after {seconds} s"
            time.sleep(step)

    # -- mail

    def run_cron(self, xmlid):
        """Do at once what a scheduled action of the manager does at its time."""
        cron = self.manager.call("ir.model.data", "check_object_reference", "saas_manager", xmlid)[1]
        self.manager.call("ir.cron", "method_direct_trigger", [cron])

    def mails_to(self, address):
        """Return the HTML of the mails that the catcher has got for an address, newest first."""
        url = self.description["mail"]["url"]
        numbers = [message["id"] for message in self.messages_to(address)]
        return [requests.get(f"{url}/api/messages/{number}.html", timeout=TIMEOUT).text for number in numbers]

    def messages_to(self, address):
        """Return what the catcher says of the mails for an address, newest first: envelope, headers, source."""
        messages = requests.get(f"{self.description['mail']['url']}/api/messages/", timeout=TIMEOUT).json()["data"]
        found = [message for message in messages if address in str(message["recipients_message_to"])]
        return sorted(found, key=lambda message: message["id"], reverse=True)

    def welcome_path(self, address):
        """Return the path of the newest welcome link that was mailed to an address."""

        def find():  # among the other mails that a customer gets
            found = (re.search(r'/saas/welcome/([^"&<\s]+)', html) for html in self.mails_to(address))
            return next(filter(None, found), None)

        return "/saas/welcome/" + self.wait_for(find, bool)[1]

    def set_password(self, subdomain, password):
        """Do what a customer does with the welcome link, without a browser.

        :return: the tenant's Odoo, signed in as its administrator
        """
        path = self.welcome_path(f"owner@{subdomain}.example")
        form = self.manager.get(path)
        token = form.text.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
        answer = self.manager.request("POST", path, data={"csrf_token": token})
        assert answer.status_code == 303, answer.text[:500]
        tenant, login = self.tenant(subdomain), f"owner@{subdomain}.example"
        target = "/" + answer.headers["Location"].split("/", 3)[3]
        target, page = tenant.visit(target)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        fields |= {"login": login, "password": password, "confirm_password": password}
        answer = tenant.request("POST", target, data=fields)
        # 18.0 signs in and leads on, 19.0 says that it worked.
        assert answer.status_code == 303 or "successfully" in answer.text, answer.text[:2000]
        assert tenant.sign_in(login, password)
        return tenant

    def user_of_group(self, xmlid):
        """Create a user of the manager with one group and return an Odoo signed in as that user."""
        call, login = self.manager.call, f"{xmlid.rpartition('.')[2]}-{uuid.uuid4().hex[:8]}"
        group = call("ir.model.data", "check_object_reference", *xmlid.split("."))[1]
        field = "group_ids" if "group_ids" in call("res.users", "fields_get", [], ["type"]) else "groups_id"
        values = {"name": login, "login": login, "password": login, "odoobot_state": "disabled"}
        call("res.users", "create", {**values, field: [(6, 0, [group])]})
        odoo = Odoo(self.manager.url, self.manager.database)
        assert odoo.sign_in(login, login)
        return odoo

    # -- behind the proxy: what tests may look at and customers may not

    @property
    def tenant_data_dir(self):
        return Path(json.loads((self.run_dir / "runtimes/shared/runtime.json").read_text())["data_dir"])

    @property
    def internal_ports(self):
        """The ports that the services behind the proxy listen on."""
        ports = set()
        for name in ("postgres", "manager", "tenant"):
            if process := self.process(name):
                for each in (process, *process.children(recursive=True)):
                    ports |= {c.laddr.port for c in each.connections("tcp") if c.status == psutil.CONN_LISTEN}
        return sorted(ports)

    def process(self, name):
        """Return the process of a service as it runs now, or None: not ours (a given PostgreSQL), or just ended."""
        pid = json.loads(self.path.read_text())["processes"].get(name)
        return psutil.Process(pid) if pid and psutil.pid_exists(pid) else None

    def wait_for_another(self, name, before):
        """Wait until the supervisor has started a service again."""
        return self.wait_for(lambda: self.process(name), lambda now: now and now.pid != before.pid, seconds=30)

    @contextlib.contextmanager
    def superuser(self, database="postgres"):
        """Give an autocommit cursor as the cluster's superuser."""
        postgres = self.description["postgres"]
        password = (self.run_dir / "secrets/postgres").read_text().strip()
        with contextlib.closing(
            psycopg2.connect(
                host=postgres["host"], port=postgres["port"], dbname=database, user="postgres", password=password
            )
        ) as connection:
            connection.autocommit = True
            yield connection.cursor()

    def dsn(self, database, user):
        """Return connection settings without a password."""
        postgres = self.description["postgres"]
        return f"host={postgres['host']} port={postgres['port']} dbname={database} user={user} password=wrong"
