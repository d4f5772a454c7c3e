import { findDifferences } from "../resources/difference.ts";
import type { Resource } from "../resources/resource.ts";
import { labels, type Target } from "../target.ts";
import { selectOne } from "./user-labels.ts";

/** An e-mail address that alerts are sent to. */
export function toChannelResource(address: string, { project }: Target): Resource {
  const command = ["beta", "monitoring", "channels"];
  const place = [`--project=${project}`, "--quiet"];
  const wanted = {
    type: "email",
    displayName: `PulseCart on call: ${address}`,
    labels: { email_address: address },
    userLabels: labels,
  };
  return {
    name: `notification channel email:${address}`,
    read: [...command, "list", ...place, "--format=json"],
    select: (printed) => selectOne(printed, wanted),
    create: [...command, "create", `--channel-content=${JSON.stringify(wanted)}`, ...place],
    update: (found) => {
      const { name } = found as { name: string };
      const content = JSON.stringify({ ...(found as object), ...wanted });
      return [...command, "update", name, `--channel-content=${content}`, ...place];
    },
    differences: (found) => findDifferences(found, wanted),
  };
}
