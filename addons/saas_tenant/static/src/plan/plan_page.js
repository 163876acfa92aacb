import { Component, onWillStart, useState } from "@odoo/owl";
import { isDismissed } from "../notices/notices";
import { Layout } from "@web/search/layout";
import { registry } from "@web/core/registry";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { useService } from "@web/core/utils/hooks";

/** What the plan of this site allows and what is in use; `saas.tenant.plan` says it. */
export class PlanPage extends Component {
    static template = "saas_tenant.PlanPage";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.display = { controlPanel: {} };
        this.state = useState({ page: null });
        onWillStart(async () => {
            this.state.page = await this.orm.call("saas.tenant.plan", "get_page", []);
            // The others stand over the page, as over every page.
            this.state.page.notices = this.state.page.notices.filter(isDismissed);
        });
    }

    /** The bar's colour, by the levels that notices speak of. */
    color(meter) {
        if (meter.percent >= 95) {
            return "bg-danger";
        }
        return meter.percent >= 80 ? "bg-warning" : "bg-primary";
    }

    width(meter) {
        return `${Math.min(100, meter.percent)}%`;
    }
}

registry.category("actions").add("saas_tenant.plan", PlanPage);
