import { type FaultName, faultNames } from "../protocol.ts";
import { sendJson } from "./send.ts";
import type { Store } from "./store.ts";

/** Has the Pub/Sub server fail, to see what callers get. */
export function FaultSwitch({ store }: { readonly store: Store }) {
  const canFail = store.hello?.broker === "embedded";
  const choose = (fault: string) => sendJson("PUT", "/console/fault", JSON.stringify({ fault }));
  return (
    <label
      class={store.fault === "none" ? "fault" : "fault on"}
      title={canFail ? "What every publish meets from now on" : "Only with npm start -- --broker=embedded"}
    >
      Pub/Sub
      <select value={store.fault} disabled={!canFail} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {(Object.keys(faultNames) as FaultName[]).map((name) => (
          <option key={name} value={name}>
            {faultNames[name]}
          </option>
        ))}
      </select>
    </label>
  );
}
