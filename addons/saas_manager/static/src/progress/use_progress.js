import { useEffect } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

const NOTIFICATION = "saas_manager.progress";

/**
 * Reload a record whenever the server says that there is something new to read about it.
 *
 * @param {() => import("@web/model/relational_model/record").Record} getRecord
 */
export function useProgress(getRecord) {
    const bus = useService("bus_service");
    useEffect(
        (resModel, resId) => {
            if (!resId) {
                return;
            }
            const channel = `${resModel}_${resId}`;
            const onProgress = async (payload) => {
                const record = getRecord();
                if (payload.model === resModel && payload.id === resId && !record.dirty) {
                    await record.load();
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
}
