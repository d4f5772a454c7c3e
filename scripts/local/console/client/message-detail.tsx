import type { ConsoleMessage } from "../protocol.ts";
import { prettyJson } from "./pretty-json.ts";

interface Props {
  readonly message: ConsoleMessage;
  readonly onReplay: (message: ConsoleMessage) => void;
  readonly onEdit: (message: ConsoleMessage) => void;
  readonly onClose: () => void;
}

/** Everything about one message. */
export function MessageDetail({ message, onReplay, onEdit, onClose }: Props) {
  const isWhole = message.body.length >= message.bytes || new Blob([message.body]).size === message.bytes;
  const facts: Readonly<Record<string, string>> = {
    topic: message.topic,
    "message id": message.messageId,
    "ordering key": message.orderingKey,
    "publish time": new Date(message.publishTime).toISOString(),
    size: `${message.bytes.toLocaleString("en")} bytes${isWhole ? "" : ", of which the first are shown"}`,
    ...message.attributes,
  };
  return (
    <section class="detail" aria-label="The selected message">
      <div class="row">
        <button type="button" onClick={() => onReplay(message)} disabled={!isWhole}>
          Replay
        </button>
        <button type="button" onClick={() => onEdit(message)} disabled={!isWhole}>
          Edit
        </button>
        <span class="grow" />
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <dl class="facts">
        {Object.entries(facts).flatMap(([name, value]) => [
          <dt key={`${name} name`}>{name}</dt>,
          <dd key={name}>{value}</dd>,
        ])}
      </dl>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must be able to reach it */}
      <pre tabIndex={0}>{isWhole ? prettyJson(message.body) : message.body}</pre>
    </section>
  );
}
