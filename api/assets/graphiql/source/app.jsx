// GraphiQL with the two ways this server speaks: POST for queries and changes, a WebSocket for subscriptions.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import React from "react";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "./host.css";

const url = new URL("graphql", document.baseURI);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";

// Browsers cannot set headers on a WebSocket, so the token of the headers tab travels in connection_init.
let token = null;
const wsClient = createClient({
  url: socketUrl.href,
  lazy: true,
  connectionParams: () => (token ? { token } : {}),
});
const send = createGraphiQLFetcher({ url: url.href, wsClient });

function fetcher(parameters, options) {
  const headers = Object.entries(options?.headers ?? {});
  const [, authorization] = headers.find(([name]) => name.toLowerCase() === "authorization") ?? [];
  token = authorization?.replace(/^bearer\s+/i, "") ?? null;
  return send(parameters, options);
}

// Tokens are not written to the browser's storage.
createRoot(document.getElementById("graphiql")).render(
  <GraphiQL fetcher={fetcher} shouldPersistHeaders={false} defaultEditorToolsVisibility="headers" />,
);
