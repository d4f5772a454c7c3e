import { expect, it } from "vitest";
import { domains } from "../../shared/events/registry.ts";
import { listUnknown } from "./change.ts";
import { loadContract } from "./contract.ts";
import { listStaleDocuments } from "./documents.ts";
import { listStale, PUBLISHED } from "./pictures.ts";

const contract = await loadContract(new URL("../../shared/events/registry.ts", import.meta.url));

it("the committed pictures are what the contract says", () => {
  const stale = listStale(contract);
  if (stale.length > 0) expect.fail(`stale in ${PUBLISHED}: ${stale.join(", ")}: run npm run contract -- --write`);
});

it("the documents' tables are what the registry says", () => {
  const stale = listStaleDocuments(Object.values(domains));
  if (stale.length > 0) expect.fail(`${stale.join(", ")}: a table is stale: run npm run contract -- --write`);
});

it("the gate knows every keyword of the contract", () => {
  const unknown = [...contract.values()].flatMap(({ picture }) => [
    ...listUnknown(picture.accepted, picture.event_type),
    ...listUnknown(picture.published, picture.event_type),
  ]);
  expect(unknown).toEqual([]);
});
