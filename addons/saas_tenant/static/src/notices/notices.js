import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { session } from "@web/session";
import { useBus, useService } from "@web/core/utils/hooks";
import { WebClient } from "@web/webclient/webclient";

const STORAGE_KEY = "saas_tenant.dismissed.";
const INTERVAL = 60000; // how often a page that stays open asks again
const PAUSE = 10000; // while somebody goes from page to page, not more often than this

/** Tell whether somebody has put a notice away in this browser. */
export function isDismissed({ dismissable, key }) {
    return dismissable && Boolean(browser.localStorage.getItem(STORAGE_KEY + key));
}

/** Bars over every page of the web client. Only administrators get any; `saas.tenant.notice` says which. */
export class Notices extends Component {
    static template = "saas_tenant.Notices";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ notices: this.withoutDismissed(session.saas_notices || []) });
        if (!session.saas_notices) {
            return;
        }
        this.askedAt = Date.now();
        const ask = () => this.ask();
        useBus(this.env.bus, "ACTION_MANAGER:UI-UPDATED", ask);
        onMounted(() => {
            document.addEventListener("visibilitychange", ask);
            this.timer = browser.setInterval(ask, INTERVAL);
        });
        onWillUnmount(() => {
            document.removeEventListener("visibilitychange", ask);
            browser.clearInterval(this.timer);
        });
    }

    async ask() {
        if (document.hidden || Date.now() - this.askedAt < PAUSE) {
            return;
        }
        this.askedAt = Date.now();
        let notices;
        try {
            notices = await this.orm.silent.call("saas.tenant.notice", "get_notices", []);
        } catch {
            return; // the service is away, or the session has ended: Odoo says so itself, the bars stay as they are
        }
        this.state.notices = this.withoutDismissed(notices);
    }

    withoutDismissed(notices) {
        return notices.filter((notice) => !isDismissed(notice));
    }

    dismiss(notice) {
        browser.localStorage.setItem(STORAGE_KEY + notice.key, "1");
        this.state.notices = this.withoutDismissed(this.state.notices);
    }

    openPlan() {
        this.action.doAction("saas_tenant.plan_action", { clearBreadcrumbs: true });
    }
}

WebClient.components = { ...WebClient.components, SaasNotices: Notices };
