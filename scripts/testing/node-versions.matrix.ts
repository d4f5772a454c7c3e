import { testNodeVersions } from "./node-versions.ts";

testNodeVersions(["20.20.2", "22.12.0"], ["18.20.8"]);
