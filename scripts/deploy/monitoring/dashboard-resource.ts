import { findDifferences } from "../resources/difference.ts";
import type { Resource } from "../resources/resource.ts";
import { labels, type Target } from "../target.ts";
import { dashboard } from "./dashboard.ts";
import { selectOne } from "./user-labels.ts";

/** The one dashboard. Cloud Monitoring itself checks it before it is made or changed. */
export function toDashboardResource({ project }: Target): Resource {
  const command = ["monitoring", "dashboards"];
  const place = [`--project=${project}`, "--quiet"];
  const wanted = { ...dashboard, labels };
  const config = JSON.stringify(wanted);
  return {
    name: "dashboard",
    read: [...command, "list", ...place, "--format=json"],
    select: (printed) => selectOne(printed, { labels }),
    check: [...command, "create", `--config=${config}`, "--validate-only", ...place],
    create: [...command, "create", `--config=${config}`, ...place],
    update: (found) => {
      // Without the etag of what is there, Cloud Monitoring refuses to replace it.
      const { name, etag } = found as { name: string; etag: string };
      return [...command, "update", name, `--config=${JSON.stringify({ ...wanted, etag })}`, ...place];
    },
    differences: (found) => findDifferences(found, wanted),
  };
}
