// What front-end teams use, against the running program on SQLite: `npm test`. TEST_PROGRAM names it.
//
// Types and documents are generated, compiled and executed as in the example of README.md; then subscriptions by the
// clients graphql-ws and graphql-sse, documents that urql teaches the server, and Relay's compiler.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { buildSchema, print, validateSchema } from "graphql";
import { createClient as createEvents } from "graphql-sse";
import { createClient as createSocket } from "graphql-ws";
import WebSocket from "ws";

import { startServer } from "../browser/support/server.js";

// urql aborts requests whose answers it has read already, and Node takes that for a failure of the test that runs.
const { fetch: plainFetch } = globalThis;
globalThis.fetch = (url, options) => plainFetch(url, { ...options, signal: undefined });

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const trusted = join(here, "generated/trusted");

/** Runs a program of node_modules to its end. */
function run(words) {
  const program = join(here, "node_modules/.bin", words[0]);
  const done = spawnSync(program, words.slice(1), { cwd: here, encoding: "utf8" });
  assert.equal(done.status, 0, `${words.join(" ")}:\n${done.stdout}${done.stderr}`);
}

/** A server with an open round, and an administrator's access token for it. */
async function start(settings) {
  const roster = join(here, "generated/roster.csv");
  const scheme = join(root, "schemes/ouhai/organ.toml");
  await writeFile(roster, "code,kind,category,region,name,name_en\nunit-1,unit,organ,demo,虚构一局,Fictional Bureau 1\n");
  const dates = ["--from", "2026-01-01", "--to", "2026-12-31"];
  const server = await startServer({
    settings: { MINGJIAN_GRAPHQL_COST_PER_SECOND: "0", ...settings },
    before: [
      ["migrate"],
      ["region", "add", "demo", "--name", "虚构区", "--name-en", "Fictional District"],
      ["import", "roster", roster],
      ["round", "add", "r-2026", "--scheme", scheme, "--series", "r", ...dates, "--name", "虚构", "--name-en", "Fictional"],
      ["round", "open", "r-2026"],
    ],
  });
  const added = server.run(["token", "add", "site", "--days", "1", "--live"]);
  const token = added.match(/mjt_\w+/)[0];
  return { ...server, token, url: `${server.origin}/graphql` };
}

let closed, open, documents, listRounds, roundId;

before(async () => {
  await rm(join(here, "generated"), { recursive: true, force: true });
  await mkdir(join(here, "generated/relay"), { recursive: true });
  await mkdir(trusted);
  await writeFile(join(trusted, "relay.json"), "{}");
  run(["graphql-codegen", "--config", "codegen.mjs", "--silent"]);
  run(["relay-compiler", "relay.config.json"]);
  run(["tsc", "-p", "."]);
  await writeFile(join(trusted, "urql.json"), await readFile(join(here, "generated/persisted-documents.json")));
  documents = await import("./out/src/progress.js");
  ({ listRounds } = await import("./out/src/rounds.js"));
  closed = await start({ MINGJIAN_GRAPHQL_TRUSTED_DOCUMENTS: trusted, MINGJIAN_GRAPHQL_ONLY_TRUSTED: "true" });
  open = await start({});
  const client = new Client({ url: open.url, exchanges: [fetchExchange], fetchOptions: bearer(open.token) });
  const { data } = await client.query(documents.FirstRound, {});
  roundId = data.rounds.nodes[0].id;
});

after(async () => {
  await closed?.stop();
  await open?.stop();
});

const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

test("graphql-js finds the schema valid", async () => {
  const schema = buildSchema(await readFile(join(root, "schema.graphql"), "utf8"));
  assert.deepEqual(validateSchema(schema), []);
});

test("the example of README.md lists rounds by a document that it only names", async () => {
  const rounds = await listRounds(closed.origin, closed.token);
  assert.deepEqual(rounds, [{ code: "r-2026", nameEn: "Fictional", state: "OPEN" }]);
  const example = await readFile(join(here, "src/rounds.ts"), "utf8");
  for (const name of ["README.md", "README.zh-CN.md"]) {
    const page = await readFile(join(root, name), "utf8");
    assert.ok(page.includes(example), `${name} shows another example than tests/client/src/rounds.ts`);
  }
});

test("where only trusted documents are executed, others are refused and Relay's are known", async () => {
  const post = async (body) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(closed.url, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.json();
  };
  const refused = await post({ query: "{ viewer { login } }" });
  assert.equal(refused.errors[0].extensions.code, "DOCUMENT_NOT_TRUSTED");
  const relay = JSON.parse(await readFile(join(trusted, "relay.json"), "utf8"));
  const [name] = Object.entries(relay).find(([, text]) => text.includes("query listQuery"));
  const answer = await post({ extensions: { persistedQuery: { version: 1, sha256Hash: name } } });
  assert.deepEqual(answer.data.rounds.edges, []);
});

test("urql teaches the server a document and then names it", async () => {
  const sent = [];
  const client = new Client({
    url: open.url,
    fetchOptions: bearer(open.token),
    fetch: (url, options) => {
      sent.push(JSON.parse(options.body).query !== undefined);
      return fetch(url, options);
    },
    exchanges: [cacheExchange, persistedExchange({ preferGetForPersistedQueries: false }), fetchExchange],
    preferGetMethod: false,
  });
  for (let times = 0; times < 2; times += 1) {
    const { data, error } = await client.query(documents.FirstRound, {}, { requestPolicy: "network-only" });
    assert.equal(error?.message, undefined);
    assert.equal(data.rounds.nodes[0].id, roundId);
  }
  // The name alone, then the document with it, then the name alone again.
  assert.deepEqual([sent[0], sent.includes(true), sent.at(-1)], [false, true, false]);
});

/** The first answer of a subscription, after which the client goes away. */
function first(client, payload) {
  return new Promise((resolve, reject) => {
    const unsubscribe = client.subscribe(payload, {
      next: (answer) => {
        resolve(answer);
        unsubscribe();
      },
      error: reject,
      complete: () => reject(new Error("nothing came")),
    });
  });
}

const clients = {
  "graphql-ws": () =>
    createSocket({
      url: open.url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: { token: open.token },
      retryAttempts: 0,
      // Between two subscriptions the client would close its socket, and fail if the next one came before that was done.
      lazy: false,
    }),
  "graphql-sse": () => createEvents({ url: open.url, ...bearer(open.token), retryAttempts: 0 }),
};
for (const [name, create] of Object.entries(clients)) {
  test(`${name} listens to the progress of a round`, async () => {
    const client = create();
    const told = await first(client, { query: print(documents.Progress), variables: { id: roundId } });
    assert.deepEqual(told.data, { roundProgress: { roundId, closed: false, subjects: 1 } });
    const asked = await first(client, { query: "{ viewer { login } }" });
    assert.equal(asked.data.viewer?.login ?? null, null);
    const wrong = await first(client, { query: "subscription { nothing }" }).catch((errors) => ({ errors }));
    assert.ok(Array.isArray(wrong.errors), `closed: ${wrong.errors?.code} ${wrong.errors?.reason}`);
    assert.equal(wrong.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    await client.dispose();
  });
}
