import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useProgress } from "../progress/use_progress";

const ICONS = {
    waiting: "fa-circle-o text-muted",
    running: "fa-spinner fa-spin text-info",
    done: "fa-check-circle text-success",
    failed: "fa-times-circle text-danger",
};

/** The steps of a provisioning, live: name in words, state, time, and the reason of a failure. */
export class StepsField extends Component {
    static template = "saas_manager.StepsField";
    static props = { ...standardFieldProps };

    setup() {
        useProgress(() => this.props.record);
    }

    get steps() {
        const records = this.props.record.data[this.props.name].records;
        return records
            .map((record) => ({ id: record.id, ...record.data }))
            .sort((left, right) => left.sequence - right.sequence);
    }

    icon(state) {
        return ICONS[state];
    }

    stateLabel(state) {
        const labels = { waiting: _t("Waiting"), running: _t("Running"), done: _t("Done"), failed: _t("Failed") };
        return labels[state];
    }

    time(step) {
        if (step.state !== "done") {
            return "";
        }
        return step.seconds < 1 ? `${Math.round(step.seconds * 1000)} ms` : `${formatFloat(step.seconds)} s`;
    }
}

registry.category("fields").add("saas_steps", {
    component: StepsField,
    supportedTypes: ["one2many"],
    useSubView: true,
});
