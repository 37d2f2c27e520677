// Staff sign in by a real provider of OpenID Connect, the npm package oidc-provider: a browser goes there and comes back.

import assert from "node:assert/strict";
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import Provider from "oidc-provider";

import { startServer } from "../browser/support/server.js";

const BACK = "http://127.0.0.1:1/back";
const SECRET = "a secret of these tests";

let folder, issuer, provider, server;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mingjian-sign-in-"));
  await writeFile(join(folder, "secret"), SECRET);
  provider = createServer();
  await new Promise((listening) => provider.listen(0, "127.0.0.1", listening));
  issuer = `http://127.0.0.1:${provider.address().port}`;
  const oidc = new Provider(issuer, {
    clients: [{ client_id: "mingjian", client_secret: SECRET, redirect_uris: [BACK] }],
    findAccount: (_, subject) => ({ accountId: subject, claims: () => ({ sub: subject, email: "leader01@example.com" }) }),
    pkce: { required: () => true },
    cookies: { keys: ["tests"] },
  });
  provider.on("request", oidc.callback());
  server = await startServer({
    settings: {
      MINGJIAN_OIDC_ISSUER: issuer,
      MINGJIAN_OIDC_CLIENT_ID: "mingjian",
      MINGJIAN_OIDC_CLIENT_SECRET_FILE: join(folder, "secret"),
      MINGJIAN_OIDC_REDIRECT_URL: BACK,
    },
    before: [["migrate"], ["staff", "add", "leader01", "--name", "Leader 01 (fictional)", "--role", "inspector"]],
  });
});

after(async () => {
  await server?.stop();
  provider?.closeAllConnections();
  provider?.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(query, variables = {}, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${server.origin}/graphql`, {
    method: "POST",
    headers,
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return Object.values(data)[0];
}

async function begin() {
  const begun = await ask("mutation { sessionBeginByProvider { departure { address ticket } refusals { code } } }");
  assert.deepEqual(begun.refusals, []);
  return begun.departure;
}

/** A browser that logs in at the provider as somebody; gives the parameters with which it is sent back. */
async function visit(address, subject) {
  const cookies = new Map();
  const open = async (url, form) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, {
      redirect: "manual",
      headers: { cookie, ...(form && { "content-type": "application/x-www-form-urlencoded" }) },
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    return answer;
  };
  let url = address;
  for (let steps = 0; steps < 12; steps += 1) {
    if (url.startsWith(BACK)) return Object.fromEntries(new URL(url).searchParams);
    let answer = await open(url);
    if (answer.status === 200) {
      const page = await answer.text();
      const prompt = page.match(/name="prompt" value="(\w+)"/)[1];
      answer = await open(page.match(/action="([^"]+)"/)[1], { prompt, login: subject, password: "any" });
    }
    assert.ok([302, 303].includes(answer.status), `${url}: ${answer.status} ${await answer.text()}`);
    url = new URL(answer.headers.get("location"), url).href;
  }
  throw new Error("the provider never sent the browser back");
}

const OPEN = `mutation($input: SessionOpenByProviderInput!) { sessionOpenByProvider(input: $input) {
  session { accessToken } refusals { code message } } }`;

async function finish(ticket, { state, code }, more = {}) {
  const { session, refusals } = await ask(OPEN, { input: { ticket, state, code, ...more } });
  return { token: session?.accessToken, code: refusals[0]?.code, message: refusals[0]?.message };
}

async function signIn(subject) {
  const { address, ticket } = await begin();
  return finish(ticket, await visit(address, subject));
}

test("the provider is asked for a code by PKCE, with state and nonce, and for nothing but the identity", async () => {
  const { address, ticket } = await begin();
  const asked = new URL(address).searchParams;
  assert.equal(asked.get("response_type"), "code");
  assert.equal(asked.get("code_challenge_method"), "S256");
  assert.equal(asked.get("scope"), "openid");
  for (const name of ["state", "nonce", "code_challenge"]) assert.equal(asked.get(name).length, 43);
  assert.ok(!address.includes(ticket) && !address.includes("secret"));
  assert.notEqual((await begin()).ticket, ticket);
});

test("somebody whom no account knows is told the identity, and nothing is made of it", async () => {
  const stranger = await signIn("stranger");
  assert.equal(stranger.code, "IDENTITY_UNKNOWN");
  assert.ok(stranger.message.includes("`stranger`") && stranger.message.includes(issuer));
  assert.equal((await signIn("stranger")).code, "IDENTITY_UNKNOWN");
});

test("once it is bound its owner signs in, and no longer when it is taken away", async () => {
  assert.equal((await signIn("person-1")).code, "IDENTITY_UNKNOWN");
  server.run(["staff", "bind-identity", "leader01", "--issuer", issuer, "--subject", "person-1"]);
  const { token, code } = await signIn("person-1");
  assert.equal(code, undefined);
  assert.deepEqual(await ask("{ viewer { login } }", {}, token), { login: "leader01" });
  assert.equal((await signIn("person-2")).code, "IDENTITY_UNKNOWN");
});

test("what comes back holds once, and for whom it was begun alone", async () => {
  const mine = await begin();
  const theirs = await begin();
  const returned = await visit(mine.address, "person-1");
  // An attacker's answer in another browser, with its own state and with the attacker's.
  assert.equal((await finish(theirs.ticket, returned)).code, "PROVIDER_REFUSED");
  const state = new URL(theirs.address).searchParams.get("state");
  assert.equal((await finish(theirs.ticket, { ...returned, state })).code, "PROVIDER_REFUSED");
  const other = await visit((await begin()).address, "person-1");
  assert.equal((await finish(mine.ticket, { state: returned.state, code: other.code })).code, "PROVIDER_REFUSED");
  assert.equal((await finish("no ticket", returned)).code, "PROVIDER_REFUSED");

  const fresh = await begin();
  const once = await visit(fresh.address, "person-1");
  assert.equal((await finish(fresh.ticket, once)).code, undefined);
  assert.equal((await finish(fresh.ticket, once)).code, "PROVIDER_REFUSED");
});

test("neither codes nor tokens nor names are in the log", async () => {
  const { address, ticket } = await begin();
  const returned = await visit(address, "person-1");
  const { token } = await finish(ticket, returned);
  const log = await server.log();
  for (const secret of [ticket, returned.code, returned.state, token, SECRET, "person-1"]) {
    assert.ok(!log.includes(secret), secret);
  }
});

test("a provider that is gone is told as such, and the server lives on", async () => {
  const fresh = await begin();
  const returned = await visit(fresh.address, "person-1");
  provider.closeAllConnections();
  await new Promise((closed) => provider.close(closed));
  const body = JSON.stringify({ query: OPEN, variables: { input: { ticket: fresh.ticket, ...pick(returned) } } });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${server.origin}/graphql`, { method: "POST", headers, body });
  const { errors } = await answer.json();
  assert.equal(errors[0].extensions.code, "UNAVAILABLE");
  assert.equal(await ask("{ viewer { login } }"), null);
});

const pick = ({ state, code }) => ({ state, code });
