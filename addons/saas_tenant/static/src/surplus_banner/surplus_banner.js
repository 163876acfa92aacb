import { Component, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { session } from "@web/session";

/** A bar at the foot of an administrator's web client while the plan keeps users out; it can be closed until the next page. */
export class SurplusBanner extends Component {
    static template = "saas_tenant.SurplusBanner";
    static props = {};

    setup() {
        this.message = session.saas_surplus;
        this.state = useState({ isOpen: true });
    }
}

if (session.saas_surplus) {
    registry.category("main_components").add("saas_tenant.SurplusBanner", { Component: SurplusBanner });
}
