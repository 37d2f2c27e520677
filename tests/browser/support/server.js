// The real program on a SQLite database of its own, in a folder that goes when it stops.

import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PROGRAM =
  process.env.TEST_PROGRAM ?? fileURLToPath(new URL("../../../target/debug/mingjian", import.meta.url));
const READY_SECONDS = 60;

/**
 * Starts `mingjian serve` and waits until it is ready.
 *
 * @param {object} [options]
 * @param {string[]} [options.command] what to run instead of `serve`, for example `["demo"]`
 * @param {string[][]} [options.before] commands to run to their end first, on the same database
 * @param {Record<string, string>} [options.settings] further environment
 */
export async function startServer({ command = ["serve"], before = [], settings = {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "mingjian-browser-"));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const keyFile = join(folder, "key.pem");
  const { privateKey } = generateKeyPairSync("ed25519");
  await writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));

  // Nothing else of our own environment: what the program does must not depend on who tests it.
  const environment = {
    PATH: process.env.PATH,
    MINGJIAN_HTTP_LISTEN: `127.0.0.1:${port}`,
    MINGJIAN_HTTP_PUBLIC_URL: origin,
    MINGJIAN_DATABASE_URL: `sqlite://${join(folder, "mingjian.db")}`,
    MINGJIAN_AUTH_KEY_FILE: keyFile,
    MINGJIAN_CHECKPOINT_KEY_FILE: keyFile,
    MINGJIAN_MAIL_HOST: "127.0.0.1",
    MINGJIAN_MAIL_PORT: "9",
    MINGJIAN_MAIL_SECURITY: "plain",
    MINGJIAN_MAIL_SENDER: "明鉴测试 <tests@example.com>",
    ...settings,
  };

  const run = (words) => {
    const done = spawnSync(PROGRAM, words, { cwd: folder, env: environment, encoding: "utf8" });
    if (done.error) throw done.error;
    if (done.status !== 0) {
      throw new Error(`\`mingjian ${words.join(" ")}\` ended with ${done.status}:\n${done.stdout}${done.stderr}`);
    }
    return done.stdout;
  };
  for (const words of before) run(words);

  const logFile = join(folder, "log");
  const log = await open(logFile, "w");
  const child = spawn(PROGRAM, command, { cwd: folder, env: environment, stdio: ["ignore", log.fd, log.fd] });
  await log.close();
  let ended;
  const end = new Promise((resolve) => {
    child.once("error", (error) => resolve((ended = error.message)));
    child.once("exit", (code, signal) => resolve((ended = `exit ${code ?? signal}`)));
  });
  // A test that dies must not leave a server behind.
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);

  const server = {
    origin,
    /** Runs another command of the program on the same database and returns what it printed. */
    run,
    /** What the server printed so far. */
    log: () => readFile(logFile, "utf8"),
    stop: async () => {
      child.kill("SIGTERM");
      await Promise.race([end, sleep(10_000, null, { ref: false })]);
      child.kill("SIGKILL");
      process.off("exit", killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
  for (let tries = 0; tries < READY_SECONDS * 10; tries += 1) {
    if (ended) throw new Error(`the server did not start (${ended}):\n${await server.log()}`);
    const ready = await fetch(`${origin}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) return server;
    await sleep(100);
  }
  const said = await server.log();
  await server.stop();
  throw new Error(`the server is not ready after ${READY_SECONDS} seconds:\n${said}`);
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
