// The pages alone, with surveys in every state behind them; see `tests/src/bin/survey-stand.rs`.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const BUILT = process.env.TEST_PROGRAM ?? fileURLToPath(new URL("../../../target/debug/mingjian", import.meta.url));
const STAND = process.env.TEST_STAND ?? join(dirname(BUILT), "survey-stand");
const READY_SECONDS = 60;

/** Starts the stand; `links` names what there is to open, `invitations` are for one use each. */
export async function startStand() {
  const folder = await mkdtemp(join(tmpdir(), "mingjian-stand-"));
  const port = await freePort();
  const child = spawn(STAND, [`127.0.0.1:${port}`, folder], { stdio: ["ignore", "ignore", "inherit"] });
  let ended;
  const end = new Promise((resolve) => {
    child.once("error", (error) => resolve((ended = error.message)));
    child.once("exit", (code, signal) => resolve((ended = `exit ${code ?? signal}`)));
  });
  // A test that dies must not leave a server behind.
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const stop = async () => {
    child.kill("SIGINT");
    await Promise.race([end, sleep(10_000, null, { ref: false })]);
    child.kill("SIGKILL");
    process.off("exit", killAtExit);
    await rm(folder, { recursive: true, force: true });
  };

  for (let tries = 0; tries < READY_SECONDS * 10; tries += 1) {
    if (ended) throw new Error(`the stand did not start (${ended})`);
    const links = await readFile(join(folder, "links.json"), "utf8").then(JSON.parse, () => null);
    if (links) return { origin: `http://127.0.0.1:${port}`, links, stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`the stand is not ready after ${READY_SECONDS} seconds`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
