// Starts the program on SQLite and runs all audits against it: `npm test`. TEST_PROGRAM names it.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { startServer } from "../browser/support/server.js";

const server = await startServer({ before: [["migrate"]] });
const audit = fileURLToPath(new URL("audit.mjs", import.meta.url));
const { status } = spawnSync(process.execPath, [audit, `${server.origin}/graphql`], { stdio: "inherit" });
await server.stop();
process.exitCode = status ?? 1;
