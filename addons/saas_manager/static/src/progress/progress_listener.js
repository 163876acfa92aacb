import { Component, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { useProgress } from "./use_progress";

/** Shows nothing, and keeps the form that it stands in up to date. */
export class ProgressListener extends Component {
    static template = xml``;
    static props = { ...standardWidgetProps };

    setup() {
        useProgress(() => this.props.record);
    }
}

registry.category("view_widgets").add("saas_progress_listener", { component: ProgressListener });
