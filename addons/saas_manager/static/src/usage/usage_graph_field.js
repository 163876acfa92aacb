import {
    JournalDashboardGraphField,
    journalDashboardGraphField,
} from "@web/views/fields/journal_dashboard_graph/journal_dashboard_graph_field";
import { onWillUpdateProps } from "@odoo/owl";
import { registry } from "@web/core/registry";

/** Odoo's graph for cards, which also follows the pager of a form: Odoo's own keeps the points of the first record. */
export class UsageGraphField extends JournalDashboardGraphField {
    setup() {
        super.setup();
        onWillUpdateProps((next) => {
            this.data = JSON.parse(next.record.data[next.name]);
        });
    }
}

registry.category("fields").add("saas_usage_graph", {
    ...journalDashboardGraphField,
    component: UsageGraphField,
});
