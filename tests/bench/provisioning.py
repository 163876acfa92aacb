"""From the click to the login page, as a customer waits for it."""

import time
import uuid


class Bench:
    """Provisions instances and deletes them at the end."""

    def __init__(self, demo):
        self.demo, self.instances = demo, {}

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for subdomain, instance in self.instances.items():
            state = self.demo.read(instance, "state")
            if state == "active":
                self.demo.manager.call("saas.instance", "action_terminate", [instance], subdomain)
                self.demo.manager.call("saas.instance", "action_delete_now", [instance], subdomain)
        for instance in self.instances.values():
            self.demo.wait_for_state(instance, "terminated", "failed", "draft", seconds=300)

    def _draft(self, template=None):
        subdomain, values = f"b{uuid.uuid4().hex[:12]}", {"template_id": template["id"]} if template else {}
        self.instances[subdomain] = self.demo.create(subdomain, **values)
        return subdomain, self.instances[subdomain]

    def one_by_one(self, rounds, template=None):
        """Return the seconds from each click to HTTP 200 of the login page through the proxy.

        :param dict template: from `templates.get`; the default one where it is not given
        """
        return [self._click(template) for _round in range(rounds)]

    def _click(self, template):
        subdomain, instance = self._draft(template)
        tenant = self.demo.tenant(subdomain)
        start = time.monotonic()
        self.demo.manager.call("saas.instance", "action_provision", [instance])
        self.demo.wait_for(
            lambda: tenant.visit("/web/login")[1].status_code, lambda code: code == 200, seconds=60, step=0.05
        )
        took = time.monotonic() - start
        self.demo.wait_for_state(instance, "active")
        return took

    def all_at_once(self, count):
        """Return the seconds until that many instances, clicked together, are active."""
        drafts = [self._draft()[1] for _number in range(count)]
        start = time.monotonic()
        self.demo.manager.call("saas.instance", "action_provision", drafts)
        domain = [("id", "in", drafts), ("state", "=", "active")]
        active = lambda: self.demo.manager.call("saas.instance", "search_count", domain)  # noqa: E731
        self.demo.wait_for(active, lambda number: number == count, seconds=180, step=0.1)
        return time.monotonic() - start
