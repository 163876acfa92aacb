import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { session } from "@web/session";
import { user } from "@web/core/user";

/** A bar at the foot of the web client, all the time that the service's support is signed in. */
export class SupportBanner extends Component {
    static template = "saas_tenant.SupportBanner";
    static props = {};

    setup() {
        this.by = session.saas_support.by;
        this.user = user;
    }
}

if (session.saas_support) {
    registry.category("main_components").add("saas_tenant.SupportBanner", { Component: SupportBanner });
}
