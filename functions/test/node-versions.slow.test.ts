import { testNodeVersions } from "../../scripts/testing/node-versions.ts";

// One of the oldest line that is supported, and one of the newest that is not; `npm run test:matrix` has more.
testNodeVersions(["20.20.2"], ["18.20.8"]);
