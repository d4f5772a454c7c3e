import { useState } from "preact/hooks";
import type { Domain } from "../../../../shared/events/domain.ts";
import { domains } from "../../../../shared/events/registry.ts";
import { Composer, toSampleText } from "./composer.tsx";
import { FaultSwitch } from "./fault-switch.tsx";
import { FunctionCard } from "./function-card.tsx";
import type { Store } from "./store.ts";
import { StreamPanel } from "./stream-panel.tsx";
import { useStore } from "./use-store.ts";

const all: readonly Domain[] = Object.values(domains);

/** The console's page. */
export function App({ store }: { readonly store: Store }) {
  useStore(store);
  const [text, setText] = useState(() => toSampleText("cart.abandoned"));
  const { hello, isConnected } = store;
  return (
    <>
      <header>
        <h1>PulseCart console</h1>
        <span class={isConnected ? "connection" : "connection off"} role="status">
          {isConnected && hello ? `${hello.broker} Pub/Sub, project ${hello.project}` : "not connected to npm start"}
        </span>
        <FaultSwitch store={store} />
        <a href="/docs">API reference</a>
      </header>
      <main>
        <div class="cards">
          {all.map((domain) => (
            <FunctionCard key={domain.name} domain={domain} store={store} />
          ))}
        </div>
        <Composer text={text} onText={setText} />
        <StreamPanel store={store} onEdit={setText} />
      </main>
    </>
  );
}
