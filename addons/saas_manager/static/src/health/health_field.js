import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const COLORS = { healthy: "success", degraded: "warning", down: "danger", unknown: "secondary" };

/** A health as a dot and its word: the color alone would say nothing to some. */
export class HealthField extends Component {
    static template = "saas_manager.HealthField";
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name];
    }

    get label() {
        const { selection } = this.props.record.fields[this.props.name];
        return selection.find(([value]) => value === this.value)?.[1] ?? "";
    }

    get color() {
        return COLORS[this.value] ?? COLORS.unknown;
    }
}

registry.category("fields").add("saas_health", { component: HealthField, supportedTypes: ["selection"] });
