import { onWillUnmount, useEffect } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { useService } from "@web/core/utils/hooks";

const NOTIFICATION = "saas_manager.progress";
const UNDER_WAY = ["queued", "provisioning", "building", "starting", "fixing"];
const MILLISECONDS_BETWEEN_LOOKS = 5000;

/**
 * Reload a record whenever the server says that there is something new to read about it.
 *
 * While something is under way the record is looked at every few seconds too: a notification that was sent before the
 * browser had subscribed, or while it was offline, must not leave the form behind.
 *
 * @param {() => import("@web/model/relational_model/record").Record} getRecord
 */
export function useProgress(getRecord) {
    const bus = useService("bus_service");
    const reload = async () => {
        const record = getRecord();
        if (!record.dirty) {
            await record.load();
        }
    };
    useEffect(
        (resModel, resId) => {
            if (!resId) {
                return;
            }
            const channel = `${resModel}_${resId}`;
            const onProgress = (payload) => {
                if (payload.model === resModel && payload.id === resId) {
                    return reload();
                }
            };
            bus.addChannel(channel);
            bus.subscribe(NOTIFICATION, onProgress);
            return () => {
                bus.unsubscribe(NOTIFICATION, onProgress);
                bus.deleteChannel(channel);
            };
        },
        () => {
            const record = getRecord();
            return [record.resModel, record.resId];
        }
    );
    const timer = browser.setInterval(() => {
        const record = getRecord();
        if (record.resId && UNDER_WAY.includes(record.data.state)) {
            reload();
        }
    }, MILLISECONDS_BETWEEN_LOOKS);
    onWillUnmount(() => browser.clearInterval(timer));
}
