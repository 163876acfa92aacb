import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { deserializeDate, deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatFloat } from "@web/core/utils/numbers";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Plot } from "./plot";
import { useLive } from "./use_live";

const ACTIONS = {
    "saas.instance": "saas_manager.saas_instance_action",
    "saas.subscription": "saas_manager.saas_subscription_action",
    "saas.subscription.movement": "saas_manager.saas_subscription_movement_action",
    "saas.server": "saas_manager.saas_server_action",
    "saas.pool.clone": "saas_manager.saas_pool_clone_action",
    "saas.event": "saas_manager.saas_event_action",
    "queue.job": "saas_manager.saas_job_action",
};
const STATE_COLORS = {
    draft: "#adb5bd",
    queued: "#8ecae6",
    provisioning: "#3a86c8",
    active: "#28a745",
    suspended: "#ffac00",
    terminating: "#e07a3f",
    terminated: "#6c757d",
    failed: "#dc3545",
};
const WEEK_COLOR = "#714b67";

/** The first screen: what needs a person, then the numbers. Each number opens the list that it counts. */
export class Dashboard extends Component {
    static template = "saas_manager.Dashboard";
    static components = { Layout, Plot };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ data: null, isLoading: false });
        this.loads = 0;
        onWillStart(() => this.load());
        useLive(() => this.load());
    }

    /** The old numbers stay until the new ones are here; of two requests the younger one's answer counts. */
    async load() {
        const number = ++this.loads;
        const data = await this.orm.call("saas.dashboard", "get_data", []);
        if (number === this.loads) {
            this.state.data = data;
        }
    }

    async refresh() {
        this.state.isLoading = true;
        try {
            await this.load();
        } finally {
            this.state.isLoading = false;
        }
    }

    async openList(model, domain = [], title = "") {
        const action = await this.action.loadAction(ACTIONS[model]);
        const name = title ? `${action.display_name || action.name}: ${title}` : action.name;
        return this.action.doAction({ ...action, name, display_name: name, domain, context: {} });
    }

    openRecord(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id || false,
            views: [[false, "form"]],
        });
    }

    openEvent(event) {
        const [model, value] = [
            ["saas.instance", event.instance_id],
            ["saas.subscription", event.subscription_id],
            ["saas.template", event.template_id],
        ].find(([, owner]) => owner) || ["saas.event"];
        return value ? this.openRecord(model, value[0]) : this.openList(model);
    }

    openState(index) {
        const row = this.state.data.states[index];
        return this.openList("saas.instance", row.domain, row.label);
    }

    openWeek(index) {
        return this.openList("saas.instance", this.state.data.signups[index].domain, this.weeks.labels[index]);
    }

    // What the template shows

    get states() {
        const rows = this.state.data.states;
        return {
            labels: rows.map((row) => row.label),
            values: rows.map((row) => row.count),
            colors: rows.map((row) => STATE_COLORS[row.state]),
        };
    }

    get weeks() {
        const rows = this.state.data.signups;
        return {
            labels: rows.map((row) => deserializeDate(row.week).toLocaleString({ month: "short", day: "numeric" })),
            values: rows.map((row) => row.count),
            colors: rows.map(() => WEEK_COLOR),
        };
    }

    get firstSteps() {
        const texts = {
            server: [_t("Test the server"), _t("Whether the manager may do everything there that it has to.")],
            template: [_t("Build a template"), _t("The Odoo that customers get a copy of.")],
            instance: [_t("Create an instance"), _t("Choose a customer, a subdomain and a plan.")],
        };
        const steps = this.state.data.first_steps;
        const next = steps.find((step) => !step.is_done && !step.is_under_way);
        return steps.map((step) => ({
            ...step,
            label: texts[step.key][0],
            help: step.is_under_way ? _t("It is being built, which takes a minute or two.") : texts[step.key][1],
            icon: this.stepIcon(step),
            className: step === next ? "btn-primary" : "btn-secondary",
        }));
    }

    stepIcon(step) {
        if (step.is_under_way) {
            return "fa-circle-o-notch fa-spin text-primary";
        }
        return step.is_done ? "fa-check-circle text-success" : "fa-circle-o text-muted";
    }

    /** The row of numbers: each says which list it counts. */
    get numbers() {
        return [...this.revenueNumbers, ...this.stateNumbers, ...this.timeNumbers, ...this.jobNumbers, this.poolNumber];
    }

    get revenueNumbers() {
        const revenue = this.state.data.revenue; // null where nothing is sold yet
        if (!revenue) {
            return [];
        }
        const days = _t("last %s days", revenue.trial_days);
        const conversion = revenue.trial_conversion;
        return [
            {
                key: "mrr",
                label: _t("MRR"),
                title: _t("Paying"),
                value: revenue.mrr,
                model: "saas.subscription",
                domain: revenue.domain,
            },
            {
                key: "trial_conversion",
                label: _t("Trials became customers, %s", days),
                title: _t("Trials, %s", days),
                value: conversion === null ? "–" : `${conversion} %`,
                model: "saas.subscription.movement",
                domain: revenue.trial_domain,
            },
        ];
    }

    get stateNumbers() {
        return this.state.data.states.map((row) => ({
            key: row.state,
            label: row.label,
            title: row.label,
            value: row.count,
            model: "saas.instance",
            domain: row.domain,
            className: row.state === "failed" ? "text-danger" : "",
        }));
    }

    get timeNumbers() {
        const times = this.state.data.times;
        const lately = { model: "saas.instance", domain: times.domain, title: _t("last %s days", times.days) };
        const today = { model: "saas.instance", domain: times.today_domain, title: _t("Provisioned today") };
        return [
            { ...today, key: "today", label: _t("Provisioned today"), value: times.today },
            { ...lately, key: "median", label: _t("Provisioning, median"), value: this.seconds(times.median) },
            { ...lately, key: "slowest", label: _t("Provisioning, slowest"), value: this.seconds(times.slowest) },
        ];
    }

    get jobNumbers() {
        const jobs = this.state.data.jobs; // null for those who may not see jobs
        const className = jobs?.failed ? "text-danger" : "";
        const label = _t("Failed jobs");
        return jobs ? [{ ...jobs, key: "jobs", label, title: label, value: jobs.failed, className }] : [];
    }

    get poolNumber() {
        const { ready, target, domain } = this.state.data.pool;
        const label = _t("Pool, ready / wanted");
        return {
            key: "pool",
            label,
            title: _t("Ready"),
            value: `${ready} / ${target}`,
            model: "saas.pool.clone",
            domain,
        };
    }

    levelClass(level) {
        return { warning: "text-warning", error: "text-danger" }[level] || "";
    }

    seconds(value) {
        return value ? _t("%s s", this.decimal(value, value < 10 ? 2 : 0)) : "–";
    }

    time(event) {
        return formatDateTime(deserializeDateTime(event.create_date), { showSeconds: false });
    }

    gigabytes(free, total) {
        const values = { free: this.decimal(free, 1), total: this.decimal(total, 1) };
        return total ? _t("%(free)s of %(total)s GB free", values) : "";
    }

    /** A number as the user's language writes it. */
    decimal(value, places) {
        return formatFloat(value, { digits: [false, places] });
    }
}

registry.category("actions").add("saas_manager.dashboard", Dashboard);
