import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";

const TICKS = { ticks: { precision: 0 }, beginAtZero: true };

/** One plot by the Chart.js that Odoo brings along. New numbers move it; it is never drawn from nothing again. */
export class Plot extends Component {
    static template = "saas_manager.Plot";
    static props = {
        type: String,
        title: String,
        labels: { type: Array, element: String },
        values: { type: Array, element: Number },
        colors: { type: Array, element: String },
        onSelect: Function,
    };

    setup() {
        this.canvas = useRef("canvas");
        this.chart = null;
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [JSON.stringify([this.props.labels, this.props.values])]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        const { labels, values, colors, title } = this.props;
        if (!this.chart) {
            this.chart = new window.Chart(this.canvas.el, this.prepareConfig());
        }
        this.chart.data.labels = [...labels];
        Object.assign(this.chart.data.datasets[0], { label: title, data: [...values], backgroundColor: [...colors] });
        this.chart.update();
    }

    prepareConfig() {
        const isRound = this.props.type === "doughnut";
        return {
            type: this.props.type,
            data: { labels: [], datasets: [{ data: [] }] },
            options: {
                maintainAspectRatio: false,
                plugins: { legend: { display: isRound, position: "right" } },
                scales: isRound ? {} : { y: TICKS, x: { grid: { display: false } } },
                onClick: (event, elements) => elements.length && this.props.onSelect(elements[0].index),
                onHover: (event, elements) => {
                    event.native.target.style.cursor = elements.length ? "pointer" : "default";
                },
            },
        };
    }

    /** What the plot says, for those who can't see it. */
    get description() {
        const parts = this.props.labels.map((label, index) => `${label}: ${this.props.values[index]}`);
        return `${this.props.title}. ${parts.join(", ")}`;
    }
}
