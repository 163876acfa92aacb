import { onWillUnmount, useEffect, useExternalListener } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { useBus, useService } from "@web/core/utils/hooks";

const CHANNEL = "saas.dashboard"; // of the bus, and the type of its messages
const MILLISECONDS_TO_COLLECT = 250;
const MILLISECONDS_BETWEEN_LOADS = 3000;
// What was sent while the line was down may be lost. 18.0 and 19.0 name these differently.
const LINE_IS_UP = ["connect", "reconnect", "BUS:CONNECT", "BUS:RECONNECT"];

/** Loads once for many pieces of news, never more often than every few seconds, one at a time, and not unseen. */
class Throttle {
    constructor(load) {
        this.load = load;
        this.timer = null;
        this.isStale = false;
        this.isLoading = false;
        this.loadedAt = Date.now(); // whoever uses this loads by itself first
    }

    onNews() {
        this.isStale = true;
        if (!this.timer && !this.isLoading && !document.hidden) {
            const wait = this.loadedAt + MILLISECONDS_BETWEEN_LOADS - Date.now();
            this.timer = browser.setTimeout(() => this.reload(), Math.max(MILLISECONDS_TO_COLLECT, wait));
        }
    }

    /** Make up for what was not loaded: the tab was hidden, or a request was under way. */
    catchUp() {
        if (this.isStale) {
            this.onNews();
        }
    }

    async reload() {
        this.timer = null;
        if (document.hidden) {
            return;
        }
        this.isStale = false;
        this.isLoading = true;
        try {
            await this.load();
        } finally {
            this.isLoading = false;
            this.loadedAt = Date.now();
        }
        this.catchUp();
    }

    stop() {
        browser.clearTimeout(this.timer);
    }
}

/**
 * Load again whenever the server says that something on the dashboard has changed.
 *
 * @param {() => Promise} load
 */
export function useLive(load) {
    const bus = useService("bus_service");
    const throttle = new Throttle(load);
    const onNews = () => throttle.onNews();
    useEffect(
        () => {
            bus.addChannel(CHANNEL);
            bus.subscribe(CHANNEL, onNews);
            return () => {
                bus.unsubscribe(CHANNEL, onNews);
                bus.deleteChannel(CHANNEL);
            };
        },
        () => []
    );
    LINE_IS_UP.forEach((name) => useBus(bus, name, onNews));
    useExternalListener(document, "visibilitychange", () => throttle.catchUp());
    onWillUnmount(() => throttle.stop());
}
